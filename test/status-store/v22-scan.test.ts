import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import fc from "fast-check";
import { SqlitePage } from "../../nodes/status-store/sqlite-page";
import type { V22Reader } from "../../nodes/status-store/v22-rows";
import { V22Scan } from "../../nodes/status-store/v22-scan";
import { V22Source } from "../../nodes/status-store/v22-source";
import { temporaryFolder } from "../support/temporary-folder";
import { V22_DATABASE } from "./history-suite";
import { rows, WriterHarness } from "./support";

const TABLE =
  "(id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, status TEXT NOT NULL, latency_ms INTEGER, message TEXT)";
const PAGE = 4096;

/** A v2.2 database with so many checks of each stream. */
function database(context: TestContext, counts: Record<string, number>, pageBytes = PAGE): string {
  const file = path.join(temporaryFolder(context), "streams.db");
  const db = new BetterSqlite(file);
  db.pragma(`page_size = ${pageBytes}`);
  db.exec("CREATE TABLE streams(name TEXT PRIMARY KEY, url TEXT NOT NULL)");
  db.exec(
    "CREATE TABLE users(user TEXT PRIMARY KEY, pass TEXT); INSERT INTO users VALUES ('admin', 'admin123')",
  );
  db.transaction(() => {
    for (const [name, count] of Object.entries(counts)) {
      db.prepare("INSERT INTO streams VALUES (?, ?)").run(name, `rtsp://u:p@192.0.2.1/${name}`);
      db.exec(`CREATE TABLE "log_${name}" ${TABLE}`);
      const insert = db.prepare(
        `INSERT INTO "log_${name}" (ts, status, latency_ms, message) VALUES (?, ?, ?, ?)`,
      );
      for (let index = 0; index < count; index++) {
        const ts = `${new Date(Date.UTC(2026, 0, 1) + index * 20_000).toISOString().slice(0, 23)}000+00:00`;
        insert.run(
          ts,
          index % 9 === 0 ? "fail" : "ok",
          index % 7 === 0 ? null : index * 300,
          `${name} ${index}`,
        );
      }
    }
  })();
  db.close();
  return file;
}

function damage(file: string, from: number, to: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0xff, from, to);
  writeFileSync(file, bytes);
}

function scanned(context: TestContext, file: string): V22Scan {
  const scan = new V22Scan(file);
  context.after(() => scan.close());
  for (const slice of scan.prepare()) void slice;
  return scan;
}

/** All rows of all tables, as far as they can be read, and how many were lost. */
function everything(source: V22Reader): Record<string, unknown> {
  const read = (table: string) => {
    const all: unknown[] = [];
    let lost = 0;
    for (let after = 0, done = false; !done;) {
      const some = source.read(table, after, 70);
      all.push(...some.rows);
      lost += some.lost;
      [after, done] = [some.lastId, some.done];
    }
    return { all, lost };
  };
  return Object.fromEntries(source.tables().map((table) => [table, read(table)]));
}

/** Imports it, and gives the checks by name of stream. */
function imported(context: TestContext, file: string): { counts: Record<string, number>; log: string } {
  const one = new WriterHarness(file);
  context.after(() => one.writer.stop());
  one.writer.start();
  one.watch();
  for (let turn = 0; turn < 2000 && !one.stats?.maintenance?.imports[0]?.done; turn++) one.clock.pass(50);
  const found = rows(
    file,
    "SELECT name, count(*) AS count FROM checks JOIN streams ON id = stream GROUP BY name ORDER BY name",
  ) as { name: string; count: number }[];
  return {
    counts: Object.fromEntries(found.map(({ name, count }) => [name, count])),
    log: one.logger.texts().join("\n"),
  };
}

describe("V22Scan", () => {
  it("finds in a whole file what SQLite finds, of v2.2's own and of any size of page", (context) => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`cam_${index}`, index * 11]));
    // SQLite makes files beside one that it only reads
    const own = path.join(temporaryFolder(context), "streams.db");
    copyFileSync(V22_DATABASE, own);
    const files = [
      own,
      ...[512, 4096, 65_536].map((pageBytes) => database(context, { a: 3000, b: 1, ...many }, pageBytes)),
    ];
    for (const file of files) {
      const source = new V22Source(file);
      const scan = scanned(context, file);
      const expected = everything(source);
      // a table without rows has no page by which to know it
      for (const [table, { all }] of Object.entries(expected as Record<string, { all: unknown[] }>)) {
        if (all.length === 0) delete expected[table];
      }
      assert.deepEqual(everything(scan), expected);
      const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
      assert.deepEqual(scan.streams().sort(byName), source.streams().sort(byName));
      assert.equal(scan.strayRows, 0);
      source.close();
    }
  });

  it("names tables by SQLite's counters where the list is gone, and by their page where two are alike", (context) => {
    const file = database(context, { a: 3000, b: 500, c: 77, d: 77 });
    // the header of the file stays whole, the list of tables does not
    damage(file, 100, PAGE);
    const { counts, log } = imported(context, file);
    const [c, d] = Object.keys(counts).filter((name) => name.startsWith("recovered_"));
    assert.deepEqual(counts, { a: 3000, b: 500, [c!]: 77, [d!]: 77 });
    assert.match(
      log,
      /the list of tables of streams\.v22\.db cannot be read: 4 tables were found by their rows/,
    );
    assert.match(log, /all 3654 checks that can be read are imported\. /);
    assert.doesNotMatch(JSON.stringify(rows(file, "SELECT * FROM streams")), /admin123|u:p/);
  });

  it("takes the first page's damage for what it is, with the header of the file gone too", (context) => {
    const file = database(context, { a: 3000, b: 500 });
    damage(file, 0, PAGE);
    assert.deepEqual(imported(context, file).counts, { a: 3000, b: 500 });
  });

  it("names tables by those parts of the list that stand in other pages", (context) => {
    const names = Array.from({ length: 60 }, (_, index) => `cam_${index}`);
    const file = database(context, Object.fromEntries(names.map((name) => [name, 30])));
    damage(file, 100, PAGE);
    const { counts } = imported(context, file);
    assert.ok(names.filter((name) => counts[name] === 30).length > 50, JSON.stringify(counts));
    assert.equal(
      Object.values(counts).reduce((sum, count) => sum + count, 0),
      60 * 30,
    );
  });

  it("counts what is missing, in pages and between them", (context) => {
    const file = database(context, { a: 3000, b: 500 });
    const scan = scanned(context, file);
    const whole = (everything(scan) as Record<string, { all: { id: number }[] }>).log_a!.all.length;
    assert.equal(whole, 3000);
    // one page in the middle of the larger table, besides the list
    damage(file, 100, PAGE);
    const middle = 20 * PAGE;
    damage(file, middle, middle + PAGE);
    const { log_a: a, log_b: b } = everything(scanned(context, file)) as Record<
      string,
      { all: unknown[]; lost: number }
    >;
    const lost = a!.lost + b!.lost;
    assert.equal(a!.all.length + b!.all.length + lost, 3500);
    assert.ok(lost > 20 && lost < 150, `${lost} lost`);
  });

  it("sees no log in what is none", (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, "x");
    for (const bytes of [Buffer.alloc(0), Buffer.from("a note"), Buffer.alloc(100_000, 13)]) {
      writeFileSync(file, bytes);
      assert.equal(V22Scan.seesLog(file), false);
    }
    copyFileSync(V22_DATABASE, file);
    assert.equal(V22Scan.seesLog(file), true);
  });

  it("survives any page and any damage", (context) => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 512, maxLength: 512 }),
        fc.constantFrom(5, 13),
        (bytes, type) => {
          const buffer = Buffer.from(bytes);
          buffer[0] = type;
          buffer.writeUInt16BE(bytes[3]! % 60, 3);
          const page = new SqlitePage(buffer, 2);
          for (let index = 0; index < page.rows; index++) page.row(index);
          page.children();
        },
      ),
      { numRuns: 1000 },
    );
    const whole = readFileSync(database(context, { a: 200, b: 60 }, 512));
    const file = path.join(temporaryFolder(context), "streams.db");
    const place = fc.nat({ max: whole.length - 1 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, fc.nat({ max: 255 })), { minLength: 1, maxLength: 200 }),
        (faults) => {
          const bytes = Buffer.from(whole);
          for (const [at, value] of faults) bytes[at] = value;
          writeFileSync(file, bytes);
          const scan = new V22Scan(file);
          try {
            for (const slice of scan.prepare()) void slice;
            for (const found of Object.values(everything(scan)) as {
              all: { id: number }[];
              lost: number;
            }[]) {
              assert.ok(found.lost >= 0);
              assert.ok(found.all.every(({ id }, index) => index === 0 || id > found.all[index - 1]!.id));
            }
          } finally {
            scan.close();
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});
