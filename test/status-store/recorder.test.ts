import assert from "node:assert/strict";
import { describe, it } from "node:test";
import BetterSqlite, { type Database } from "better-sqlite3";
import { Recorder } from "../../nodes/status-store/recorder";
import { migrate } from "../../nodes/status-store/schema";
import type { Rename } from "../../common/renames";
import { check, flat, NOW, stateOf, transition } from "./support";

function database(): Database {
  const db = new BetterSqlite(":memory:");
  migrate(db);
  return db;
}

interface Named {
  name: string;
  url: string;
}
const named = (name: string, path = name): Named => ({ name, url: `rtsp://u:p@192.0.2.1:554/${path}` });

function watch(recorder: Recorder, streams: Named[], renames: Rename[] = [], at = NOW) {
  return recorder.apply({ kind: "streams", streams, renames, strict: false, at });
}
const state = (recorder: Recorder, ...args: Parameters<typeof stateOf>) =>
  recorder.apply({ kind: "states", states: [stateOf(...args)] });
const change = (recorder: Recorder, ...args: Parameters<typeof transition>) =>
  recorder.apply({ kind: "transition", transition: transition(...args) });

const spansOf = (db: Database) =>
  db
    .prepare(
      `SELECT stream, start - ${NOW} AS start, "end" - ${NOW} AS "end", state, text AS reason, level
       FROM spans LEFT JOIN reasons ON id = reason ORDER BY stream, start`,
    )
    .raw()
    .all();
const incidentsOf = (db: Database) =>
  db
    .prepare(
      `SELECT stream, start - ${NOW}, "end" - ${NOW}, state, r.text, m.text FROM incidents
       LEFT JOIN reasons r ON r.id = reason LEFT JOIN messages m ON m.id = message ORDER BY incidents.id`,
    )
    .raw()
    .all();
const streamsOf = (db: Database) =>
  db.prepare("SELECT id, name, removed IS NULL FROM streams ORDER BY id").raw().all();

describe("Recorder: checks", () => {
  it("stores numbers, v2.2's verdict by protocol, and passes over unknown streams", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), { name: "h", url: "http://192.0.2.2/x" }]);
    const refused = { state: "degraded", reason: "auth_required", message: "401" } as const;
    recorder.apply({
      kind: "checks",
      flat: flat(check("a", refused), check("nobody"), check("h", { ...refused, latencyMs: null })),
    });
    assert.deepEqual(
      db.prepare("SELECT stream, at, state, reason, message, latency, v22_ok FROM recent").raw().all(),
      [
        [1, NOW, 1, 1, 1, 12, 1],
        [2, NOW, 1, 1, 1, null, 0],
      ],
    );
    db.exec(
      "INSERT INTO checks SELECT stream, at, state, reason, message, latency, v22_ok FROM recent; UPDATE checks SET at = at - 1",
    );
    assert.equal(db.prepare("SELECT count(*) FROM all_checks").pluck().get(), 4);
  });

  it("keeps a bound number of different messages", () => {
    const db = database();
    const recorder = new Recorder(db, false, 3);
    watch(recorder, [named("a")]);
    for (const message of ["1", "2", "3", "4", "5", "1"]) {
      recorder.apply({ kind: "checks", flat: flat(check("a", { message })) });
    }
    const texts = db.prepare("SELECT text FROM recent JOIN messages ON id = message ORDER BY recent.row");
    assert.deepEqual(texts.pluck().all(), ["1", "2", "3", "The stream answers", "The stream answers", "1"]);
  });

  it("stores nothing of a URL but scheme, host and port", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [
      { name: "a", url: "rtsp://viewer:s3cret@192.0.2.1/cam/1" },
      { name: "b", url: "http://192.0.2.1:8080/video?user=admin&password=s3cret" },
      { name: "c", url: "http://192.0.2.2/snapshot?u=admin&p=s3cret" },
    ]);
    const stored = db.prepare("SELECT url, path_hash IS NULL FROM streams").raw().all();
    assert.deepEqual(stored, [
      ["rtsp://192.0.2.1", 0],
      ["http://192.0.2.1:8080", 1],
      ["http://192.0.2.2", 1],
    ]);
    assert.equal(db.serialize().includes("s3cret"), false);
  });
});

describe("Recorder: streams", () => {
  it("keeps ids, marks removed streams, and gives a name that comes back its old id", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), named("b"), named("b", "other")]);
    watch(recorder, [named("b"), named("c")], [], NOW + 5);
    assert.deepEqual(streamsOf(db), [
      [1, "a", 0],
      [2, "b", 1],
      [3, "c", 1],
    ]);
    recorder.apply({ kind: "checks", flat: flat(check("a", { message: "late" })) });
    watch(recorder, [named("a"), named("b"), named("c")], [], NOW + 9);
    assert.deepEqual(streamsOf(db), [
      [1, "a", 1],
      [2, "b", 1],
      [3, "c", 1],
    ]);
    // the check that was on its way when its stream was removed counts too
    assert.deepEqual(db.prepare("SELECT stream FROM recent").pluck().all(), [1]);
    assert.deepEqual(spansOf(db).slice(0, 2), [
      [1, 0, 5, 3, null, null],
      [1, 9, null, 3, null, null],
    ]);
  });

  it("finds renames by the full URL, and by what is stored after a restart", () => {
    const db = database();
    const recorder = new Recorder(db);
    const secret = "live?password=x";
    watch(recorder, [named("a", "1"), named("b", "2"), named("c", secret)]);
    recorder.apply({ kind: "checks", flat: flat(check("a"), check("b")) });
    watch(recorder, [named("A", "1"), named("b", "2"), named("C", secret)]);
    assert.deepEqual(streamsOf(db), [
      [1, "A", 1],
      [2, "b", 1],
      [3, "C", 1],
    ]);
    const restarted = new Recorder(db);
    const seeds = watch(restarted, [named("AA", "1"), named("bb", "2"), named("CC", secret)]);
    assert.deepEqual(
      seeds.map(({ name, last }) => [name, last?.message]),
      [
        ["AA", "RTSP 200"],
        ["bb", "RTSP 200"],
      ],
    );
    // nothing of a path with a password is stored, so nobody can tell that C became CC
    assert.deepEqual(streamsOf(db), [
      [1, "AA", 1],
      [2, "bb", 1],
      [3, "C", 0],
      [4, "CC", 1],
    ]);
  });

  it("does not take another camera of the same recorder for a renamed one", () => {
    const db = database();
    watch(new Recorder(db), [named("Cam 1", "ch1")]);
    watch(new Recorder(db), [named("Cam 9", "ch9")]);
    assert.deepEqual(streamsOf(db), [
      [1, "Cam 1", 0],
      [2, "Cam 9", 1],
    ]);
  });

  it("follows a rename that was told, with a new URL, onto the name of a removed stream", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("x"), named("y")]);
    watch(recorder, [named("y")]);
    watch(recorder, [named("x", "elsewhere")], [{ from: "y", to: "x" }]);
    assert.deepEqual(streamsOf(db), [
      [1, "x", 0],
      [2, "x", 1],
    ]);
    watch(recorder, []);
    watch(recorder, [named("x")], [], NOW + 1);
    assert.deepEqual(streamsOf(db).at(-1), [2, "x", 1]);
  });
});

describe("Recorder: renames of an outage, which come together", () => {
  const rename = (...names: string[]) => names.map((step) => ({ from: step[0]!, to: step[1]! }));

  it("are followed one after the other, to the last name", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), named("b")]);
    watch(recorder, [named("d", "elsewhere"), named("b")], rename("ac", "cd"));
    assert.deepEqual(streamsOf(db), [
      [1, "d", 1],
      [2, "b", 1],
    ]);
  });

  it("swap two names by way of a third", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a", "1"), named("b", "2"), named("x", "3")]);
    watch(recorder, [named("b", "1"), named("a", "2"), named("x", "3")], rename("at", "ba", "tb"));
    assert.deepEqual(streamsOf(db), [
      [1, "b", 1],
      [2, "a", 1],
      [3, "x", 1],
    ]);
    assert.deepEqual(new Recorder(db).ids().sort(), [
      ["a", 2],
      ["b", 1],
      ["x", 3],
    ]);
  });

  it("are followed by a stream that is watched no longer, whose checks still come", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), named("b")]);
    watch(recorder, [named("b")], rename("ac"), NOW + 5);
    recorder.apply({ kind: "checks", flat: flat(check("a"), check("c")) });
    assert.deepEqual(db.prepare("SELECT stream FROM recent").pluck().all(), [1, 1]);
    assert.deepEqual(streamsOf(db), [
      [1, "c", 0],
      [2, "b", 1],
    ]);
  });

  it("count for nothing where a name is taken, not there, or watched no longer", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), named("b")]);
    watch(recorder, [named("a"), named("b")], rename("ab", "xy", "ya"));
    watch(recorder, [named("a"), named("b")], rename("ac"));
    assert.deepEqual(streamsOf(db), [
      [1, "a", 1],
      [2, "b", 1],
    ]);
  });
});

describe("Recorder: what flows make up", () => {
  it("has no times ahead of the clock, and no numbers that the file cannot hold", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    const [never, latest] = [Number.MAX_SAFE_INTEGER, NOW + 3_600_000];
    recorder.apply({ kind: "states", states: [stateOf("a", { since: NOW + 1 })] }, latest);
    recorder.apply({ kind: "checks", flat: flat(check("a", { at: never, latencyMs: 1e300 })) }, latest);
    const odd = transition("a", { at: never, previousDurationMs: 1e300 });
    recorder.apply({ kind: "transition", transition: odd }, latest);
    assert.deepEqual(db.prepare("SELECT at - ?, latency FROM recent").raw().all(latest), [[0, 1e9]]);
    assert.deepEqual(db.prepare("SELECT at - ? FROM transitions").pluck().all(latest), [0]);
    assert.deepEqual(spansOf(db).at(-1), [1, 3_600_000, null, 2, "timeout", 0]);
  });
});

describe("Recorder: states", () => {
  it("keeps spans of every state without gaps", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    state(recorder, "a", { since: NOW + 10 });
    state(recorder, "a", { since: NOW + 11 });
    state(recorder, "a", { since: NOW + 12, level: "media" });
    change(recorder, "a", { at: NOW + 20 });
    state(recorder, "a", { since: NOW + 30, state: "pending", reason: null, level: null });
    state(recorder, "a", { since: NOW + 40, state: "paused", reason: null, level: null });
    assert.deepEqual(spansOf(db), [
      [1, 0, 10, 3, null, null],
      [1, 10, 20, 0, "ok", 1],
      [1, 20, 30, 2, "timeout", 0],
      [1, 30, 40, 3, null, null],
      [1, 40, null, 4, null, null],
    ]);
  });

  it("loses no span when the clock is set back", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    state(recorder, "a", { since: NOW + 5000 });
    change(recorder, "a", { at: NOW - 60_000 });
    change(recorder, "a", { at: NOW - 50_000, from: "down", to: "up", reason: "ok", seq: 2 });
    assert.deepEqual(
      spansOf(db).map((span) => (span as unknown[]).slice(1, 4)),
      [
        [0, 5000, 3],
        [5000, 5001, 0],
        [5001, 5002, 2],
        [5002, null, 0],
      ],
    );
    assert.deepEqual(incidentsOf(db), [[1, 5001, 5002, 2, "timeout", "timeout"]]);
  });

  it("makes one incident of one trouble, through worsening and restarts of the probe", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    change(recorder, "a", { at: NOW + 1, to: "degraded", reason: "stale", message: "old" });
    change(recorder, "a", { at: NOW + 2, from: "degraded", seq: 2 });
    state(recorder, "a", { since: NOW + 3, state: "pending", reason: null, level: null });
    const restarted = new Recorder(db);
    state(restarted, "a", { since: NOW + 4, state: "degraded", reason: "frozen" });
    assert.deepEqual(incidentsOf(db), [[1, 1, null, 2, "timeout", "timeout"]]);
    change(restarted, "a", { at: NOW + 5, from: "degraded", to: "up", reason: "ok", seq: 3 });
    change(restarted, "a", { at: NOW + 6, seq: 4 });
    watch(restarted, [], [], NOW + 7);
    assert.deepEqual(incidentsOf(db), [
      [1, 1, 5, 2, "timeout", "timeout"],
      [1, 6, 7, 2, "timeout", "timeout"],
    ]);
  });

  it("opens nothing for a stream that is watched no longer, and knows a renamed one under its old name", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a"), named("b"), named("c")]);
    for (const name of ["a", "b", "c"]) state(recorder, name, { since: NOW + 1 });
    watch(recorder, [named("new"), named("c")], [{ from: "a", to: "new" }], NOW + 10);
    const before = spansOf(db);
    // of b they were on their way when it was removed
    change(recorder, "b", { at: NOW + 9 });
    state(recorder, "b", { state: "down", reason: "timeout", since: NOW + 20 });
    assert.deepEqual(spansOf(db), before);
    assert.deepEqual(incidentsOf(db), []);
    change(recorder, "a", { at: NOW + 9, seq: 2 });
    assert.deepEqual(incidentsOf(db), [[1, 9, null, 2, "timeout", "timeout"]]);
    assert.deepEqual(db.prepare("SELECT stream FROM transitions").pluck().all(), [1]);
  });

  it("numbers transitions as they say, or on from the last", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    for (const seq of [7, 8, 1, 2, 40]) change(recorder, "a", { seq, at: NOW + seq });
    // told again, because its thread died before it could say that it was stored
    change(recorder, "a", { seq: 8, at: NOW + 8 });
    assert.deepEqual(db.prepare("SELECT seq, at FROM transitions ORDER BY seq").raw().all(), [
      [7, NOW + 7],
      [8, NOW + 8],
      [9, NOW + 1],
      [10, NOW + 2],
      [40, NOW + 40],
    ]);
    assert.equal(new Recorder(db).lastSeq, 40);
  });
});

describe("Recorder: seeds", () => {
  const place = { origin: "rtsp://192.0.2.1", protocol: "rtsp", media: null };

  it("knows the last check from recent and from checks, and the last confirmed state", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(
      recorder,
      ["a", "b", "c", "d"].map((name) => named(name)),
    );
    state(recorder, "a", { since: NOW + 1, level: "media" });
    change(recorder, "b", { at: NOW + 2 });
    state(recorder, "b", { since: NOW + 3, state: "pending", reason: null, level: null });
    state(recorder, "c", { since: NOW + 4, state: "paused", reason: null, level: null });
    recorder.apply({
      kind: "checks",
      flat: flat(check("b", { message: "older" }), check("c", { message: "kept" })),
    });
    db.exec(
      "INSERT INTO checks SELECT stream, at, state, reason, message, latency, v22_ok FROM recent; DELETE FROM recent",
    );
    recorder.apply({
      kind: "checks",
      flat: flat(check("a", { at: NOW + 5 }), check("a", { at: NOW + 6, message: "newest", latencyMs: 3.6 })),
    });
    const last = (message: string, at: number, latencyMs = 12) => ({
      ...{ at, state: "up", reason: "ok", message, latencyMs },
    });
    assert.deepEqual(new Recorder(db).allSeeds(), [
      {
        ...{ id: 1, name: "a" },
        ...place,
        confirmed: { state: "up", reason: "ok", since: NOW + 1, level: "media" },
        last: last("newest", NOW + 6, 4),
      },
      {
        ...{ id: 2, name: "b" },
        ...place,
        confirmed: { state: "down", reason: "timeout", since: NOW + 2, level: "handshake" },
        last: last("older", NOW),
      },
      {
        ...{ id: 3, name: "c" },
        ...place,
        confirmed: { state: "paused", reason: null, since: NOW + 4, level: null },
        last: last("kept", NOW),
      },
      { id: 4, name: "d", ...place, confirmed: null, last: null },
    ]);
  });

  it("passes over reasons that only a newer program knows", () => {
    const db = database();
    const recorder = new Recorder(db);
    watch(recorder, [named("a")]);
    state(recorder, "a");
    recorder.apply({ kind: "checks", flat: flat(check("a")) });
    db.exec(
      "INSERT INTO reasons VALUES (500, 'lens_cap'); UPDATE recent SET reason = 500; UPDATE spans SET reason = 500",
    );
    assert.deepEqual(new Recorder(db).allSeeds(), [
      { id: 1, name: "a", ...place, confirmed: null, last: null },
    ]);
  });
});
