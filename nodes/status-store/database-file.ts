import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import BetterSqlite, { type Database } from "better-sqlite3";
import { migrate, refuseNewer, schemaVersion } from "./schema";
import { isBroken, StoreError } from "./store-failure";
import { V22Scan } from "./v22-scan";
import { V22Source } from "./v22-source";

/** Opens streams.db for writing, whatever stands in its place. */

export interface OpenedDatabase {
  db: Database;
  /** What was moved out of the way. */
  moved: MovedFile[];
}

export interface MovedFile {
  /** One sentence that says where to. */
  text: string;
  /** True when its history is missing now; false when it comes in. */
  isLoss: boolean;
}

/** A stop must not wait longer than a lock of another program. */
const BUSY_TIMEOUT_MS = 500;
const MAGIC = "SQLite format 3\0";
/** What a long transaction leaves of the write-ahead log after its checkpoint. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * @param now names a file that is moved aside
 * @throws StoreError, NewerSchemaError, or what SQLite or the file system says
 */
export function openDatabase(file: string, now: Date): OpenedDatabase {
  mkdirSync(path.dirname(file), { recursive: true });
  const moved: MovedFile[] = [];
  const db = openOwn(file, now, moved);
  try {
    refuseNewer(db);
    // has an effect only before the first table
    if (schemaVersion(db) === 0) db.pragma("auto_vacuum = INCREMENTAL");
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    migrate(db);
    return { db, moved };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Moves a damaged file and its log aside, so that a new one can begin. */
export function moveBrokenAside(file: string, now: Date): string {
  const time = now.toISOString().replace(/[:.]/g, "-");
  const target = freeName(file, `${file}.broken-${time}`);
  moveWithLog(file, target);
  return `${file} was not a readable database and was moved to ${target}; a new one was begun.`;
}

function openOwn(file: string, now: Date, moved: MovedFile[]): Database {
  let db: Database | undefined;
  try {
    if (!mayBeDatabase(file)) throw Object.assign(new Error("no database"), { code: "SQLITE_NOTADB" });
    db = new BetterSqlite(file, { timeout: BUSY_TIMEOUT_MS });
    if (recognize(db, file) === "own") return db;
    foldLog(db);
    db.close();
    moved.push(moveV22Aside(file));
  } catch (error) {
    db?.close();
    if (!isBroken(error)) throw error;
    const isV22 = isDamagedV22(file);
    moved.push(isV22 ? moveV22Aside(file) : { text: moveBrokenAside(file, now), isLoss: true });
  }
  return new BetterSqlite(file, { timeout: BUSY_TIMEOUT_MS });
}

/** What is readable of a damaged v2.2 database is imported like any other. */
function isDamagedV22(file: string): boolean {
  try {
    return (mayBeDatabase(file) && hasLogTables(file)) || V22Scan.seesLog(file);
  } catch {
    return false;
  }
}

function hasLogTables(file: string): boolean {
  try {
    const source = new V22Source(file);
    try {
      return source.tables().length > 0;
    } finally {
      source.close();
    }
  } catch {
    return false;
  }
}

/** SQLite takes anything shorter than a page for an empty database and writes over it. */
function mayBeDatabase(file: string): boolean {
  if (!existsSync(file) || !statSync(file).isFile() || statSync(file).size === 0) return true;
  const start = Buffer.alloc(MAGIC.length);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, start);
  } finally {
    closeSync(descriptor);
  }
  return start.toString("latin1") === MAGIC;
}

/** @throws StoreError when the file belongs to another program */
function recognize(db: Database, file: string): "own" | "v2.2" {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  if (tables.length === 0 || schemaVersion(db) > 0) return "own";
  const columns = db.prepare<[string], string>("SELECT name FROM pragma_table_info(?)").pluck();
  const has = (table: string, ...wanted: string[]) => {
    const found = columns.all(table);
    return wanted.every((column) => found.includes(column));
  };
  const v22 =
    has("streams", "name", "url") ||
    tables.some((name) => name.startsWith("log_") && has(name, "ts", "status"));
  if (v22) return "v2.2";
  const shown = tables.slice(0, 3).join(", ").slice(0, 100);
  throw new StoreError(
    `The database ${file} belongs to another program (it has the tables ${shown}) and is left as it is: name another file. ` +
      `Until then history is kept in memory only.`,
  );
}

/** Brings what stands in the write-ahead log into the file, which needs none any more, nor has one when it is read. */
function foldLog(db: Database): void {
  try {
    db.pragma("journal_mode = DELETE");
  } catch (error) {
    // another program has it open: the log goes with the file then
    if (isBroken(error)) throw error;
  }
}

function moveV22Aside(file: string): MovedFile {
  const target = freeName(file, path.join(path.dirname(file), `${path.basename(file, ".db")}.v22.db`));
  moveWithLog(file, target);
  const text = `${file} is a database of StreamPulse v2.2: it was moved to ${target} to be imported from there, and a new one was begun.`;
  return { text, isLoss: false };
}

/** The log goes first: after a kill in between, the file in its old place is recognized again and follows it. */
function moveWithLog(file: string, target: string): void {
  if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${target}-wal`);
  // an index over the log that SQLite makes again
  rmSync(`${file}-shm`, { force: true });
  renameSync(file, target);
}

/** The wanted name, or it with .2, .3 … where that would overwrite something. */
function freeName(file: string, wanted: string): string {
  const isTaken = (name: string) =>
    existsSync(name) || (existsSync(`${name}-wal`) && existsSync(`${file}-wal`));
  let name = wanted;
  for (let count = 2; isTaken(name); count++) name = `${wanted}.${count}`;
  return name;
}
