import BetterSqlite, { type Database, type Statement } from "better-sqlite3";
import { isBroken } from "./store-failure";
import type { V22Reader, V22Row, V22Rows } from "./v22-rows";
import { asciiLowerCase } from "./v22-samples";

/** A v2.2 database, also a damaged one: reads what can be read and never writes. */
export class V22Source implements V22Reader {
  private readonly db: Database;

  constructor(file: string) {
    this.db = new BetterSqlite(file, { readonly: true, fileMustExist: true });
    // else SQLite refuses a file that is shorter than it should be as a whole
    this.db.unsafeMode();
    this.db.pragma("writable_schema = ON");
  }

  close(): void {
    this.db.close();
  }

  tables(): string[] {
    const names = this.db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    return names.filter((name) => {
      const columns = this.columns(name);
      return asciiLowerCase(name).startsWith("log_") && columns.has("ts") && columns.has("status");
    });
  }

  streams(): { name: string; url: string }[] {
    try {
      const rows = this.db.prepare("SELECT name, url FROM streams").all() as {
        name: unknown;
        url: unknown;
      }[];
      return rows.map(({ name, url }) => ({
        name: typeof name === "string" ? name : "",
        url: typeof url === "string" ? url : "",
      }));
    } catch {
      return [];
    }
  }

  lastId(table: string): number {
    for (const read of [
      () => this.db.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").pluck().get(table),
      () =>
        this.db
          .prepare(`SELECT max(rowid) FROM ${quoted(table)}`)
          .pluck()
          .get(),
    ]) {
      try {
        const id = Number(read() ?? 0);
        if (id > 0) return id;
      } catch (error) {
        if (!isBroken(error)) throw error;
      }
    }
    return 0;
  }

  read(table: string, after: number, most: number): V22Rows {
    const statement = this.statement(table);
    for (let count = most; count >= 1; count = Math.floor(count / 4)) {
      const rows = attempt(statement, after, count);
      if (rows) return { rows, lastId: rows.at(-1)?.id ?? after, lost: 0, done: rows.length < count };
    }
    return this.readBehindDamage(statement, table, after);
  }

  /** The row after `after` cannot be read: finds the first one behind the damage, in steps that double. */
  private readBehindDamage(statement: Statement, table: string, after: number): V22Rows {
    const end = this.lastId(table);
    let unreadable = after;
    let step = 1;
    let rows: V22Row[] | undefined;
    while (!rows && after + step <= end) {
      rows = attempt(statement, after + step, 1);
      if (!rows) {
        unreadable = after + step;
        step *= 2;
      }
    }
    if (!rows?.[0]) return { rows: [], lastId: end, lost: Math.max(0, end - after), done: true };
    let found = rows[0];
    // halves the rest, since the last step may have gone beyond rows that are whole
    for (let readable = after + step; readable - unreadable > 1;) {
      const middle = Math.floor((readable + unreadable) / 2);
      const nearer = attempt(statement, middle, 1)?.[0];
      if (nearer) [found, readable] = [nearer, middle];
      else unreadable = middle;
    }
    return { rows: [found], lastId: found.id, lost: found.id - after - 1, done: false };
  }

  private statement(table: string): Statement {
    const columns = this.columns(table);
    const column = (name: string) => (columns.has(name) ? name : `NULL AS ${name}`);
    return this.db.prepare(
      `SELECT rowid AS id, ts, status, ${column("latency_ms")}, ${column("message")}
       FROM ${quoted(table)} WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    );
  }

  private columns(table: string): Set<string> {
    const names = this.db.prepare("SELECT name FROM pragma_table_info(?)").pluck().all(table) as string[];
    return new Set(names);
  }
}

function attempt(statement: Statement, after: number, count: number): V22Row[] | undefined {
  try {
    return statement
      .raw()
      .all(after, count)
      .map((row) => {
        const [id, ts, status, latency, message] = row as [number, unknown, unknown, unknown, unknown];
        return { id, ts, status, latency, message };
      });
  } catch (error) {
    if (isBroken(error)) return undefined;
    throw error;
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
