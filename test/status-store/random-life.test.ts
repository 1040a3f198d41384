import assert from "node:assert/strict";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import fc from "fast-check";
import type { State } from "../../contracts";
import { openDatabase, type OpenedDatabase } from "../../nodes/status-store/database-file";
import { OpenRollups, SNAPSHOT_STRIDE } from "../../nodes/status-store/open-rollups";
import { FIELDS, HOUR_MS } from "../../nodes/status-store/rollup";
import { StoreWriter } from "../../nodes/status-store/store-writer";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { check, flat, NOW, rows, stateOf, transition } from "./support";

const NAMES = ["a", "b", "c", "d"];
const MINUTE = 60_000;
/** The same lives each time; whoever looks for rarer faults takes more runs and another seed. */
const RUNS = { numRuns: 40, seed: 2026 };

/** What may happen to a store, with numbers that say to whom and how long. */
type Event =
  | { do: "check" | "change" | "remove" | "add" | "rename" | "forget"; who: number; to: number }
  | { do: "pass" | "jump" | "setBack"; minutes: number }
  | { do: "crash" | "restart" | "outage" | "repair" };

const who = { who: fc.nat(3), to: fc.nat(5) };
const events = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant("check"), ...who }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("change"), ...who }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("pass"), minutes: fc.integer({ min: 0, max: 90 }) }),
    },
    fc.record({ do: fc.constantFrom("remove", "add", "rename", "forget"), ...who }),
    fc.record({ do: fc.constantFrom("jump", "setBack"), minutes: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ do: fc.constantFrom("crash", "restart", "outage", "repair") }),
  ),
  { minLength: 5, maxLength: 60 },
);

class SetClock extends FakeClock {
  constructor(
    begin: number,
    public setMs = 0,
  ) {
    super(begin);
  }
  override now(): number {
    return super.now() + this.setMs;
  }
}

/** A store and who lives with it. */
class Life {
  private clock = new SetClock(NOW);
  private writer!: StoreWriter;
  private opened?: OpenedDatabase;
  private isOut = false;
  private seq = 0;
  private latest = 0;
  private readonly logger = new RecordingLogger();
  /** Number of the camera behind each name; a name that is forgotten gets another one. */
  private readonly watched = new Map<string, number>([
    ["a", 0],
    ["b", 1],
  ]);
  private readonly removed = new Map<string, number>();
  private cameras = 2;
  /** Checks by camera. */
  readonly checks = new Map<number, number>();

  constructor(readonly file: string) {
    this.start();
  }

  live(event: Event): void {
    switch (event.do) {
      case "check":
        return this.withName(event.who, (name) => {
          const camera = this.watched.get(name)!;
          this.checks.set(camera, (this.checks.get(camera) ?? 0) + 1);
          const at = this.clock.now();
          this.writer.receive({ kind: "checks", flat: flat(check(name, { at, message: `of ${camera}` })) });
        });
      case "change":
        return this.withName(event.who, (name) => this.change(name, event.to));
      case "pass":
        return this.clock.pass(event.minutes * MINUTE);
      case "jump":
        this.clock.setMs += event.minutes * MINUTE;
        return;
      case "setBack":
        this.latest = Math.max(this.latest, this.clock.now());
        this.clock.setMs -= event.minutes * MINUTE;
        return;
      case "remove":
        return this.withName(event.who, (name) => {
          this.removed.set(name, this.watched.get(name)!);
          this.watched.delete(name);
          this.tellStreams();
        });
      case "add": {
        const name = NAMES[event.who]!;
        if (this.watched.has(name)) return;
        this.watched.set(name, this.removed.get(name) ?? this.cameras++);
        this.removed.delete(name);
        return this.tellStreams();
      }
      case "rename":
        return this.withName(event.who, (from) => {
          const to = NAMES[event.to % NAMES.length]!;
          // onto the name of a removed one would leave two removed ones of one name later
          if (this.watched.has(to) || this.removed.has(to)) return;
          this.watched.set(to, this.watched.get(from)!);
          this.watched.delete(from);
          this.tellStreams([{ from, to }]);
        });
      case "forget": {
        const name = NAMES[event.who]!;
        this.settle();
        this.checks.delete(this.watched.get(name) ?? -1);
        this.checks.delete(this.removed.get(name) ?? -1);
        this.removed.delete(name);
        return this.writer.receive({ kind: "forget", names: [name], at: this.clock.now() });
      }
      case "outage":
        this.isOut = true;
        this.settle();
        this.opened?.db.close();
        return;
      case "repair":
        this.isOut = false;
        return this.clock.pass(MINUTE);
      case "crash":
      case "restart":
        this.repair();
        if (event.do === "restart") this.writer.stop();
        else this.opened!.db.close();
        return this.start();
    }
  }

  /** All that waits is written, and all work in the background is done. */
  end(): void {
    this.repair();
    // until the clock has come where it was before it was set back
    this.clock.pass(Math.max(0, this.latest - this.clock.now()) + 3 * HOUR_MS);
    this.writer.stop();
  }

  get now(): number {
    return this.clock.now();
  }

  get said(): string[] {
    return this.logger.texts();
  }

  private start(): void {
    this.clock = new SetClock(this.clock.now() - this.clock.setMs, this.clock.setMs);
    this.writer = new StoreWriter({
      ...{ file: this.file, clock: this.clock, logger: this.logger, send: () => {} },
      open: (file, now) => {
        if (this.isOut) throw Object.assign(new Error("out"), { code: "SQLITE_CANTOPEN" });
        return (this.opened = openDatabase(file, now));
      },
    });
    this.writer.start();
    this.tellStreams();
  }

  private repair(): void {
    this.isOut = false;
    this.clock.pass(MINUTE);
    this.settle();
  }

  private settle(): void {
    this.clock.pass(2000);
  }

  private withName(number: number, then: (name: string) => void): void {
    const names = [...this.watched.keys()];
    const name = names[number % Math.max(1, names.length)];
    if (name !== undefined) then(name);
  }

  private change(name: string, number: number): void {
    const state = (["up", "degraded", "down", "pending", "paused", "unknown"] as State[])[number]!;
    const reason = ({ up: "ok", degraded: "stale", down: "timeout" } as const)[state as "up"] ?? null;
    const at = this.clock.now();
    if (number < 3) {
      const one = transition(name, { seq: ++this.seq, from: "pending", to: state, reason, at });
      this.writer.receive({ kind: "transition", transition: one });
    } else {
      this.writer.receive({
        kind: "states",
        states: [stateOf(name, { state, reason, since: at, level: null })],
      });
    }
  }

  private tellStreams(renames: { from: string; to: string }[] = []): void {
    const streams = [...this.watched].map(([name, camera]) => ({ name, url: `rtsp://192.0.2.1/${camera}` }));
    this.writer.receive({ kind: "streams", streams, renames, strict: false, at: this.clock.now() });
    if (!this.isOut) this.settle();
  }
}

/** Checks, and milliseconds of being watched, by stream: of the rollups and of what a writer would still hold. */
function summed(file: string, now: number): Map<number, [checks: number, ms: number]> {
  const found = new Map<number, [number, number]>();
  const add = (stream: number, checks: number, ms: number) => {
    const sum = found.get(stream) ?? [0, 0];
    found.set(stream, [sum[0] + checks, sum[1] + ms]);
  };
  const sql =
    "SELECT stream, up + degraded + down AS checks, up_ms + degraded_ms + down_ms AS ms FROM rollups";
  for (const row of rows(file, sql) as { stream: number; checks: number; ms: number }[]) {
    add(row.stream, row.checks, row.ms);
  }
  const db = new BetterSqlite(file);
  const open = new OpenRollups(db).snapshot(now);
  db.close();
  for (let offset = 0; offset < open.length; offset += SNAPSHOT_STRIDE) {
    const value = (field: number) => open[offset + 2 + field]!;
    const [checks, ms] = [FIELDS.checks, FIELDS.ms].map(
      (field) => value(field) + value(field + 1) + value(field + 2),
    );
    add(open[offset]!, checks!, ms!);
  }
  return found;
}

function assertSound({ file, now, checks, said }: Life): void {
  assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  const faults = said.filter(
    (line) => !/cannot be opened for writing|cannot be written|is written again/.test(line),
  );
  assert.deepEqual(faults, []);
  const stored = rows(
    file,
    "SELECT text, count(*) AS n FROM all_checks JOIN messages ON id = message GROUP BY text",
  );
  const expected = [...checks].map(([camera, n]) => ({ text: `of ${camera}`, n }));
  const byText = (one: { text: string }, other: { text: string }) => (one.text < other.text ? -1 : 1);
  assert.deepEqual((stored as { text: string; n: number }[]).sort(byText), expected.sort(byText), "checks");

  const none = (what: string, sql: string) => assert.deepEqual(rows(file, sql), [], what);
  none(
    "checks of two cameras",
    "SELECT stream FROM all_checks GROUP BY stream HAVING count(DISTINCT message) > 1",
  );
  const ordered = `SELECT stream, "end", lead(start) OVER (PARTITION BY stream ORDER BY start) AS next FROM spans`;
  none(
    "spans that overlap",
    `SELECT * FROM (${ordered}) WHERE next < "end" OR ("end" IS NULL AND next IS NOT NULL)`,
  );
  none("spans that end before they begin", `SELECT * FROM spans WHERE "end" < start`);
  none(
    "open spans of streams that nobody watches, and watched ones without",
    `SELECT * FROM streams WHERE (removed IS NULL) <> EXISTS
       (SELECT 1 FROM spans WHERE stream = id AND "end" IS NULL)`,
  );
  none(
    "incidents that are open twice",
    `SELECT stream FROM incidents WHERE "end" IS NULL GROUP BY stream HAVING count(*) > 1`,
  );
  none("incidents that end before they begin", `SELECT * FROM incidents WHERE "end" < start`);
  none(
    "troubles without an incident, and incidents of streams that are well",
    `SELECT * FROM spans WHERE "end" IS NULL AND state <> 3 AND state <> 5 AND (state IN (1, 2)) <> EXISTS
       (SELECT 1 FROM incidents WHERE incidents.stream = spans.stream AND incidents."end" IS NULL)`,
  );
  for (const table of ["all_checks", "rollups", "daily_rollups", "spans", "incidents", "transitions"]) {
    none(`${table} of no stream`, `SELECT stream FROM ${table} WHERE stream NOT IN (SELECT id FROM streams)`);
  }
  const time = `SELECT stream, sum(coalesce("end", max(start, ${now})) - start) AS ms FROM spans WHERE state < 3 GROUP BY stream`;
  const sums = summed(file, now);
  for (const { stream, ms } of rows(file, time) as { stream: number; ms: number }[]) {
    assert.equal(sums.get(stream)?.[1] ?? 0, ms, `time of stream ${stream}`);
  }
  const counts = rows(file, "SELECT stream, count(*) AS n FROM all_checks GROUP BY stream") as {
    stream: number;
    n: number;
  }[];
  for (const { stream, n } of counts) assert.equal(sums.get(stream)?.[0], n, `sums of stream ${stream}`);
}

function liveThrough(context: TestContext, all: readonly Event[]): void {
  const life = new Life(path.join(temporaryFolder(context), "streams.db"));
  for (const event of all) life.live(event);
  life.end();
  assertSound(life);
}

describe("whatever happens to a store, in any order", () => {
  it("its tables agree with each other and with what was told", { timeout: 180_000 }, (context) => {
    fc.assert(
      fc.property(events, (all) => liveThrough(context, all)),
      RUNS,
    );
  });
});
