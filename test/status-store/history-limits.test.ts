import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import { openDatabase } from "../../nodes/status-store/database-file";
import type { HistoryAnswer, UptimeQuestion } from "../../nodes/status-store/history";
import { HistoryReader } from "../../nodes/status-store/history-reader";
import { ReaderClient } from "../../nodes/status-store/reader-client";
import type { FromReader, ToReader } from "../../nodes/status-store/reader-messages";
import { SqliteHistory } from "../../nodes/status-store/threaded-history";
import { systemClock } from "../../common/clock";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { refusalOf, startedStore } from "./history-suite";
import { check, flat, settings, stream } from "./support";

const uptime = (now: number): UptimeQuestion => ({
  ...{ kind: "uptime", windows: ["24h"], by: ["all"], stream: null, now, timezone: "UTC" },
});

/** Time passes whenever somebody looks at it. */
class BusyClock extends FakeClock {
  stepMs = 0;
  override elapsed(): number {
    this.pass(this.stepMs);
    return super.elapsed();
  }
}

describe("a question that takes too long", () => {
  it("is given up between two slices, and the next one is answered", async (context) => {
    const { db } = openDatabase(path.join(temporaryFolder(context), "streams.db"), new Date());
    context.after(() => db.close());
    const clock = new BusyClock();
    const sent: FromReader[] = [];
    const reader = new HistoryReader({
      ...{ open: () => db, file: undefined, shared: true, clock, limitMs: 5000 },
      send: (message) => void sent.push(message),
    });
    clock.stepMs = 5001;
    reader.receive({ kind: "ask", id: 1, question: uptime(Date.now()), open: null });
    await until(() => sent.length === 2);
    assert.deepEqual(sent[0], { kind: "begun", id: 1 });
    assert.deepEqual(sent[1], {
      ...{ kind: "refused", id: 1, statusCode: 503, code: "too_slow" },
      message: "The answer took longer than 5 s and was given up: ask for less at once.",
    });
    clock.stepMs = 0;
    reader.receive({ kind: "ask", id: 2, question: uptime(Date.now()), open: null });
    await until(() => sent.length === 4);
    assert.deepEqual(
      sent.slice(2).map(({ kind, id }) => [kind, id]),
      [
        ["begun", 2],
        ["answer", 2],
      ],
    );
  });

  it("lets others have their turn between two, and leaves out those that nobody waits for any more", async (context) => {
    const { db } = openDatabase(path.join(temporaryFolder(context), "streams.db"), new Date());
    context.after(() => db.close());
    const sent: string[] = [];
    const reader = new HistoryReader({
      ...{ open: () => db, file: undefined, shared: true, clock: new FakeClock(), limitMs: 5000 },
      send: ({ kind, id }) => void sent.push(`${kind} ${id}`),
    });
    for (const id of [1, 2, 3]) reader.receive({ kind: "ask", id, question: uptime(Date.now()), open: null });
    reader.receive({ kind: "cancel", id: 2 });
    setImmediate(() => sent.push("another"));
    await until(() => sent.includes("answer 3"));
    assert.deepEqual(sent, ["begun 1", "answer 1", "another", "begun 3", "answer 3"]);
  });

  it("in one statement, which nothing can stop, ends with its thread, and so do those that wait behind it", async () => {
    const clock = new FakeClock();
    const posted: ToReader[] = [];
    let kills = 0;
    const client = new ReaderClient({
      ...{ clock, patienceMs: 10_000, waitMs: 15_000, post: (message) => posted.push(message) > 0 },
      kill: () => {
        kills++;
        client.lose();
      },
    });
    const refused = [client.ask(uptime(0), null), client.ask(uptime(1), null)].map(refusalOf);
    client.receive({ kind: "begun", id: 1 });
    clock.pass(9999);
    assert.equal(kills, 0);
    clock.pass(1);
    assert.equal(kills, 1);
    for (const { statusCode, code } of await Promise.all(refused)) {
      assert.deepEqual([statusCode, code], [503, "history_unavailable"]);
    }
    const next = client.ask(uptime(2), null);
    const { id } = posted.at(-1) as { id: number };
    client.receive({ kind: "answer", id, bytes: new Uint8Array([1]), etag: "e" });
    assert.deepEqual(await next, { bytes: new Uint8Array([1]), etag: "e" });
    clock.pass(60_000);
    assert.equal(kills, 1);
  });

  it("is one that works, and none that waits for its turn, which is refused after a while", async () => {
    const clock = new FakeClock();
    const posted: ToReader[] = [];
    const client = new ReaderClient({
      ...{ clock, patienceMs: 10_000, waitMs: 15_000, post: (message) => posted.push(message) > 0 },
      kill: () => assert.fail("killed"),
    });
    const asked = [0, 1, 2].map((now) => client.ask(uptime(now), null));
    const late = refusalOf(asked.pop()!);
    for (const id of [1, 2]) {
      client.receive({ kind: "begun", id });
      clock.pass(9000);
      client.receive({ kind: "answer", id, bytes: new Uint8Array([id]), etag: "e" });
    }
    assert.deepEqual(
      (await Promise.all(asked)).map((answer) => answer !== "stale" && answer.bytes[0]),
      [1, 2],
    );
    const { statusCode, code } = await late;
    assert.deepEqual([statusCode, code], [503, "busy"]);
    assert.deepEqual(posted.at(-1), { kind: "cancel", id: 3 });
    // what the thread says of it all the same is for nobody
    client.receive({ kind: "begun", id: 3 });
    clock.pass(60_000);
  });
});

describe("reading and writing", () => {
  it("go on beside each other: a long answer holds up no commit", async (context) => {
    const { store, text } = await startedStore(context, "file");
    store.setStreams({ payload: [stream("a")], settings: settings() });
    const begin = Date.now() - 5000;
    store.recordChecks(Array.from({ length: 5000 }, (_, index) => check("a", { at: begin + index })));
    await until(() => store.health().details.checksStored === 5000);
    const range = { from: 0, to: Date.now() + 60_000, stream: null, timezone: "UTC" };
    const pieces = store.read({ kind: "export", format: "csv", ...range });
    let read = (await pieces.next()).value?.length ?? 0;
    store.recordChecks([check("a", { at: Date.now() })]);
    await until(() => store.health().details.checksStored === 5001);
    for await (const piece of pieces) read += piece.length;
    // it shows the moment at which it began
    const whole = await text({ kind: "export", format: "csv", ...range });
    assert.equal(whole.split("\r\n").length, 5003);
    assert.ok(read > 0 && read < whole.length);
  });

  it("do not wait for each other: while the writer is busy its last sums are taken", async (context) => {
    const folder = temporaryFolder(context);
    const workerFile = path.join(folder, "worker.js");
    const worker = JSON.stringify(require.resolve("../../nodes/status-store/store-worker"));
    const mark = JSON.stringify(path.join(folder, "free"));
    // from the second time on it is busy, as with a disk that takes for ever, until it is set free
    writeFileSync(
      workerFile,
      `let asked = 0;
       require("node:worker_threads").parentPort.on("message", ({ kind }) => {
         if (kind !== "open-rollups" || ++asked === 1) return;
         const nobody = new Int32Array(new SharedArrayBuffer(4));
         while (!require("node:fs").existsSync(${mark})) Atomics.wait(nobody, 0, 0, 20);
       });
       require(${worker});`,
    );
    let [isRead, stored, aheadMs] = [false, 0, 0];
    const history = new SqliteHistory(path.join(folder, "streams.db"), {
      clock: { ...systemClock, elapsed: () => systemClock.elapsed() + aheadMs },
      ...{ logger: new RecordingLogger(), workerFile },
      listener: {
        onMessage: (message) => {
          if (message.kind === "seeds") isRead = true;
          if (message.kind === "stats") stored = message.checksStored;
        },
        ...{ onBegin: () => {}, onDeath: () => {} },
      },
    });
    context.after(() => history.stop());
    history.start();
    await until(() => isRead);
    const now = Date.now();
    const streams = [{ name: "a", url: "rtsp://192.0.2.1/a" }];
    history.write({ kind: "streams", streams, renames: [], strict: false, at: now });
    history.write({ kind: "checks", flat: flat(check("a", { at: now })) });
    await until(() => stored === 1);
    const total = ({ bytes }: HistoryAnswer) =>
      (JSON.parse(Buffer.from(bytes).toString()) as { all: Record<string, { samples: { total: number } }> })
        .all["24h"]!.samples.total;
    assert.equal(total(await history.ask(uptime(now))), 1);
    aheadMs = 5000;
    assert.equal(total(await history.ask(uptime(now + 5000))), 1);
    writeFileSync(path.join(folder, "free"), "");
  });

  it("go on together after the file could not be written for a while", async (context) => {
    const { store, ask, file } = await startedStore(context, "file");
    store.setStreams({ payload: [stream("a")], settings: settings() });
    let sent = 0;
    const record = () => {
      store.recordChecks([check("a", { at: Date.now() })]);
      sent++;
    };
    const uptimeNow = () =>
      ask<{ at: number; all: Record<string, { samples: { total: number } }> }>("uptime");
    const samples = async () => (await uptimeNow()).all["24h"]!.samples.total;
    record();
    await until(async () => (await samples()) === 1);
    const other = new BetterSqlite(file);
    other.exec("BEGIN IMMEDIATE");
    record();
    await until(() => !store.health().running);
    // of a file that is not written nothing new is known; the last sums stay
    const failedAt = Date.now();
    await until(async () => (await uptimeNow()).at > failedAt);
    assert.equal(await samples(), 1);
    other.close();
    await until(() => store.health().running);
    record();
    await until(async () => (await samples()) === sent, 10_000);
  });
});
