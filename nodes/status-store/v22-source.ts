import BetterSqlite, { type Database, type Statement } from "better-sqlite3";
import { isBroken, isEnvironmental } from "./store-failure";
import type { V22Reader, V22Row, V22Rows } from "./v22-rows";
import { asciiLowerCase } from "./v22-samples";

const BUSY_TIMEOUT_MS = 100;
/** Longer texts are no names, times, verdicts or sentences, and must not fill the memory. */
const MOST_STREAMS = 100_000;
const NAME_CHARACTERS = 1000;
const URL_CHARACTERS = 4000;
const WORD_CHARACTERS = 64;
const MESSAGE_CHARACTERS = 4000;

/** A v2.2 database, also a damaged or made-up one: reads what can be read, never writes, and runs nothing that it holds. */
export class V22Source implements V22Reader {
  private readonly db: Database;

  constructor(file: string) {
    this.db = new BetterSqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    // else SQLite refuses a file that is shorter than it should be as a whole
    this.db.unsafeMode();
    this.db.pragma("writable_schema = ON");
    this.db.pragma("trusted_schema = OFF");
    this.db.pragma("cell_size_check = ON");
  }

  close(): void {
    this.db.close();
  }

  tables(): string[] {
    return this.allTables().filter((name) => {
      const columns = this.columns(name);
      const isLog = asciiLowerCase(name).startsWith("log_") && columns.has("ts") && columns.has("status");
      return isLog && this.canBeRead(name);
    });
  }

  streams(): { name: string; url: string }[] {
    try {
      // a view of that name could go on for ever
      if (!this.allTables().includes("streams")) return [];
      const rows = this.db
        .prepare(
          `SELECT ${text("name", NAME_CHARACTERS)}, ${text("url", URL_CHARACTERS)} FROM streams LIMIT ${MOST_STREAMS}`,
        )
        .all() as {
        name: unknown;
        url: unknown;
      }[];
      return rows.map(({ name, url }) => ({
        name: typeof name === "string" ? name : "",
        url: typeof url === "string" ? url : "",
      }));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
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
        if (!isUnreadable(error)) throw error;
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

  /** Tables that stand in the file itself: neither views nor what a module would have to make up. */
  private allTables(): string[] {
    return this.db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 ORDER BY name")
      .pluck()
      .all() as string[];
  }

  private canBeRead(table: string): boolean {
    try {
      return this.statement(table) !== undefined;
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      return false;
    }
  }

  private statement(table: string): Statement {
    const columns = this.columns(table);
    const latency = columns.has("latency_ms") ? "latency_ms" : "NULL";
    const message = columns.has("message") ? text("message", MESSAGE_CHARACTERS) : "NULL";
    return this.db.prepare(
      `SELECT rowid AS id, ${text("ts", WORD_CHARACTERS)}, ${text("status", WORD_CHARACTERS)}, ${latency}, ${message}
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
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** A column's text, cut; null for anything else. */
function text(column: string, most: number): string {
  return `CASE typeof(${column}) WHEN 'text' THEN substr(${column}, 1, ${most}) END AS ${column}`;
}

/** True where what is asked for cannot be read, and would not be later either: of damage, or of a made-up table. */
function isUnreadable(error: unknown): boolean {
  if (!(error instanceof BetterSqlite.SqliteError)) return false;
  return isBroken(error) || error.code.startsWith("SQLITE_IOERR") || !isEnvironmental(error);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
