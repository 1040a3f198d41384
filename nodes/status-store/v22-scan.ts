import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Slices } from "./slices";
import { SqlitePage, type SqliteRow } from "./sqlite-page";
import type { V22Reader, V22Row, V22Rows } from "./v22-rows";
import { v22Time } from "./v22-samples";

/** A page with rows of a log. */
interface Leaf {
  page: number;
  first: number;
  last: number;
}

const USUAL_PAGE_BYTES = 4096;
const PAGES_A_SLICE = 500;
const PAGES_FOR_A_LOOK = 5000;
/** Of one table, in one place: what is further away from the rest is no number of a row. */
const MOST_MISSING = 1_000_000;
/** A tree of tables is not higher. */
const MOST_LEVELS = 20;

/**
 * A v2.2 database whose list of tables cannot be read: finds the rows of its logs page by page. Which of them are one
 * table is known from the pages above them, and the table's name where the list or SQLite's counters can still be read
 * in parts. Tables without a name are called by their page; rows of which nobody can say what table they belong to are lost.
 */
export class V22Scan implements V22Reader {
  private readonly descriptor: number;
  private readonly pageBytes: number;
  private readonly pages: number;
  private readonly leaves: Leaf[] = [];
  private readonly parents = new Map<number, number>();
  /** As the list of tables has them, by the page on which a table begins. */
  private readonly listed = new Map<number, string>();
  /** The largest ids, by name of table. */
  private readonly counters = new Map<string, number>();
  private readonly known: { name: string; url: string }[] = [];
  private found = new Map<string, Leaf[]>();
  /** Rows in pages that belong to no table. */
  strayRows = 0;

  constructor(file: string) {
    this.descriptor = openSync(file, "r");
    const head = Buffer.alloc(100);
    readSync(this.descriptor, head, 0, head.length, 0);
    this.pageBytes = pageBytesOf(head);
    this.pages = Math.floor(fstatSync(this.descriptor).size / this.pageBytes);
  }

  /** Whether there is a row of a log near the beginning of a file. */
  static seesLog(file: string): boolean {
    const scan = new V22Scan(file);
    try {
      for (let number = 1; number <= Math.min(scan.pages, PAGES_FOR_A_LOOK); number++) {
        const page = scan.page(number);
        if (page.rows > 0 && isLog(page.row(0))) return true;
      }
      return false;
    } finally {
      scan.close();
    }
  }

  /** Looks at every page once; before this it knows no table. */
  *prepare(): Slices {
    for (let number = 1; number <= this.pages; number++) {
      this.note(number, this.page(number));
      if (number % PAGES_A_SLICE === 0) yield;
    }
    this.nameTables();
    yield;
  }

  tables(): string[] {
    return [...this.found.keys()].sort();
  }

  streams(): { name: string; url: string }[] {
    return this.known;
  }

  lastId(table: string): number {
    const last = this.found.get(table)?.at(-1)?.last ?? 0;
    const counter = this.counters.get(table) ?? 0;
    return counter > last && counter - last < MOST_MISSING ? counter : last;
  }

  read(table: string, after: number, most: number): V22Rows {
    const rows: V22Row[] = [];
    let [lastId, lost] = [after, 0];
    for (const leaf of this.found.get(table) ?? []) {
      if (leaf.last <= after) continue;
      for (const row of this.rowsOf(leaf.page)) {
        if (row.id <= lastId) continue;
        if (rows.length === most) return { rows, lastId, lost, done: false };
        // v2.2 numbered its rows without gaps and deleted none
        lost += row.id - lastId - 1;
        lastId = row.id;
        const [, ts, status, latency, message] = row.values;
        rows.push({ id: row.id, ts, status, latency, message });
      }
    }
    const end = this.lastId(table);
    return { rows, lastId: end, lost: lost + Math.max(0, end - lastId), done: true };
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private note(number: number, page: SqlitePage): void {
    for (const child of page.children()) if (child <= this.pages) this.parents.set(child, number);
    if (page.rows === 0) return;
    if (!isLog(page.row(0)) && !isLog(page.row(page.rows - 1))) return this.noteOthers(page);
    const rows = this.rowsOf(number);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first && last) this.leaves.push({ page: number, first: first.id, last: last.id });
  }

  /** Rows of the list of tables, of the counters and of the streams. */
  private noteOthers(page: SqlitePage): void {
    for (let index = 0; index < page.rows; index++) {
      const values = page.row(index)?.values ?? [];
      const [first, second, , root] = values;
      if (values.length === 5 && first === "table" && isLogName(second) && typeof root === "number") {
        this.listed.set(root, second);
      } else if (values.length !== 2) continue;
      else if (isLogName(first) && typeof second === "number") this.counters.set(first, second);
      else if (typeof first === "string" && typeof second === "string" && /^(rtsps?|https?):/i.test(second)) {
        this.known.push({ name: first, url: second });
      }
    }
  }

  private nameTables(): void {
    const trees = Map.groupBy(this.leaves, ({ page }) => this.rootOf(page));
    for (const [root, leaves] of trees) {
      leaves.sort((one, other) => one.first - other.first);
      // a page whose place in its tree is lost: only the first one of a table can be a whole table
      if (root === leaves[0]?.page && leaves[0].first !== 1 && !this.listed.has(root)) {
        this.strayRows += this.rowsOf(root).length;
        trees.delete(root);
      }
    }
    const counted = Map.groupBy(this.counters, ([, last]) => last);
    const ends = Map.groupBy(trees, ([, leaves]) => leaves.at(-1)?.last);
    for (const [root, leaves] of trees) {
      const last = leaves.at(-1)?.last ?? 0;
      const names = counted.get(last) ?? [];
      const byCounter = names.length === 1 && ends.get(last)?.length === 1 ? names[0]?.[0] : undefined;
      this.found.set(this.listed.get(root) ?? byCounter ?? `log_recovered_${root}`, leaves);
    }
  }

  private rootOf(page: number): number {
    let root = page;
    for (let level = 0; level < MOST_LEVELS; level++) {
      const parent = this.parents.get(root);
      if (parent === undefined) break;
      root = parent;
    }
    return root;
  }

  private rowsOf(number: number): SqliteRow[] {
    const page = this.page(number);
    const rows = Array.from({ length: page.rows }, (_, index) => page.row(index)).filter(isLog);
    // a number that damage has made enormous would hide all that follow
    const middle = rows[rows.length >> 1]?.id ?? 0;
    return rows.filter(({ id }) => Math.abs(id - middle) < MOST_MISSING);
  }

  private page(number: number): SqlitePage {
    const bytes = Buffer.alloc(this.pageBytes);
    readSync(this.descriptor, bytes, 0, this.pageBytes, (number - 1) * this.pageBytes);
    return new SqlitePage(bytes, number);
  }
}

/** In the header of the file, where 1 stands for 65,536. */
function pageBytesOf(head: Buffer): number {
  const bytes = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  return bytes >= 512 && Number.isInteger(Math.log2(bytes)) ? bytes : USUAL_PAGE_BYTES;
}

/** id (which stands before the record), ts, status, latency_ms, message */
function isLog(row: SqliteRow | undefined): row is SqliteRow {
  if (row?.values.length !== 5 || row.values[0] !== null || row.id < 1) return false;
  const [, ts, status] = row.values;
  return typeof status === "string" && v22Time(ts) !== undefined;
}

function isLogName(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("log_");
}
