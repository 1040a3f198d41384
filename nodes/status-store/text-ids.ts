import type { Database, Statement } from "better-sqlite3";

const MOST_CACHED = 5000;

/**
 * A dictionary table: each text is stored once and stands in the rows as a number. The newest texts are cached, and
 * the table has a bound, because cameras may write what they like into a message.
 */
export class TextIds {
  private readonly cache = new Map<string, number>();
  private readonly find: Statement<[string], number>;
  private readonly insert: Statement<[string]>;
  private kept: number;

  constructor(
    db: Database,
    table: "reasons" | "messages",
    private readonly mostKept = Number.POSITIVE_INFINITY,
  ) {
    this.find = db.prepare<[string], number>(`SELECT id FROM ${table} WHERE text = ?`).pluck();
    this.insert = db.prepare(`INSERT INTO ${table} (text) VALUES (?)`);
    this.kept = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  }

  /** @param instead takes the place of a new text when the table is full: one of a few known texts */
  idOf(text: string, instead = text): number {
    return this.cache.get(text) ?? this.lookUp(text, instead);
  }

  private lookUp(text: string, instead: string): number {
    let id = this.find.get(text);
    if (id === undefined && this.kept >= this.mostKept && instead !== text) return this.idOf(instead);
    if (id === undefined) {
      id = Number(this.insert.run(text).lastInsertRowid);
      this.kept++;
    }
    if (this.cache.size >= MOST_CACHED) this.cache.delete(this.cache.keys().next().value as string);
    this.cache.set(text, id);
    return id;
  }
}
