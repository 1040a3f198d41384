import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../common/clock";
import { receiveMessage } from "../../nodes/status-store/receive-message";
import { Store } from "../../nodes/status-store/store";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { check, NOW, rows, stateOf, transition } from "./support";

const STREAMS = {
  topic: "streams",
  payload: [
    { name: "Gate", url: "rtsp://viewer:s3cret@192.0.2.1/gate" },
    { name: "Lobby", url: "http://192.0.2.2/video?password=s3cret" },
  ],
  settings: { timezone: "Asia/Calcutta" },
};

async function startedStore(
  context: TestContext,
  file: string,
): Promise<{ store: Store; logger: RecordingLogger }> {
  const logger = new RecordingLogger();
  const store = new Store({ file, clock: systemClock, logger });
  context.after(() => store.stop());
  store.start();
  await new Promise<void>((resolve) => store.whenRead(resolve));
  return { store, logger };
}

const streamsOf = (store: Store) =>
  JSON.parse(store.live.streamsBody().bytes.toString()) as Record<string, unknown>[];

describe("Store", () => {
  it("answers after a restart as it did before, and hands on what was confirmed", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const first = await startedStore(context, file);
    assert.deepEqual(first.store.confirmed(), { topic: "confirmed", payload: [], lastSeq: 0 });
    receiveMessage(first.store, STREAMS);
    receiveMessage(first.store, {
      topic: "checks",
      payload: [check("Gate", { latencyMs: 7 }), check("Lobby")],
    });
    receiveMessage(first.store, {
      topic: "states",
      payload: [stateOf("Lobby", { since: Date.now() + 1000 })],
    });
    const at = Date.now() + 2000;
    receiveMessage(first.store, { topic: "transition", payload: transition("Gate", { seq: 3, at }) });
    const before = first.store.live.statusBody().bytes.toString();
    await first.store.stop();

    const second = await startedStore(context, file);
    const confirmed = second.store.confirmed();
    assert.equal(confirmed.lastSeq, 3);
    assert.deepEqual(
      confirmed.payload.map(({ stream, state, reason, since, level }) => [
        stream,
        state,
        reason,
        since,
        level,
      ]),
      [
        ["Gate", "down", "timeout", at, "handshake"],
        ["Lobby", "up", "ok", confirmed.payload[1]?.since, "handshake"],
      ],
    );
    receiveMessage(second.store, STREAMS);
    assert.equal(second.store.live.statusBody().bytes.toString(), before);
    assert.deepEqual(second.logger.lines, []);
  });

  it("keeps what a picture consists of, and shows a stream that flaps", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const first = await startedStore(context, file);
    receiveMessage(first.store, STREAMS);
    const media = { codec: "h264", width: 640, height: 480, fps: 25, keyframe: true };
    for (const seen of [{ ...media, width: 320 }, media, { ...media, keyframe: undefined }]) {
      receiveMessage(first.store, {
        topic: "checks",
        payload: [check("Gate", { media: seen, level: "media" })],
      });
    }
    receiveMessage(first.store, {
      topic: "states",
      payload: [stateOf("Lobby", { flapping: true, flaps: 5 })],
    });
    const [gate, lobby] = streamsOf(first.store);
    assert.deepEqual([gate?.flapping, lobby?.flapping, lobby?.flaps], [undefined, true, 5]);
    receiveMessage(first.store, { topic: "states", payload: [stateOf("Lobby")] });
    assert.equal(streamsOf(first.store)[1]?.flapping, undefined);
    await first.store.stop();

    const second = await startedStore(context, file);
    assert.deepEqual(streamsOf(second.store)[0]?.media, media);
    assert.equal(streamsOf(second.store)[1]?.media, null);
  });

  it("keeps the history of a stream that was renamed while it was off", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const first = await startedStore(context, file);
    receiveMessage(first.store, STREAMS);
    receiveMessage(first.store, { topic: "checks", payload: [check("Gate", { message: "before" })] });
    receiveMessage(first.store, { topic: "states", payload: [stateOf("Gate")] });
    await first.store.stop();

    const second = await startedStore(context, file);
    const [gate, lobby] = STREAMS.payload;
    receiveMessage(second.store, { topic: "streams", payload: [{ ...gate, name: "Front gate" }, lobby] });
    await until(() => streamsOf(second.store)[0]?.state === "up");
    assert.equal((streamsOf(second.store)[0]?.last as { message: string }).message, "before");
    // while it runs the full URL says it, also where nothing of a path is stored
    receiveMessage(second.store, { topic: "checks", payload: [check("Lobby", { message: "seen" })] });
    receiveMessage(second.store, {
      topic: "streams",
      payload: [
        { ...gate, name: "Front gate" },
        { ...lobby, name: "Hall" },
      ],
    });
    assert.equal((streamsOf(second.store)[1]?.last as { message: string }).message, "seen");
    await second.store.stop();
    assert.deepEqual(rows(file, "SELECT name FROM streams ORDER BY id"), [
      { name: "Front gate" },
      { name: "Hall" },
    ]);
  });

  it("writes no credential into any file", async (context) => {
    const folder = temporaryFolder(context);
    const { store, logger } = await startedStore(context, path.join(folder, "streams.db"));
    receiveMessage(store, STREAMS);
    receiveMessage(store, { topic: "checks", payload: [check("Gate"), check("Lobby")] });
    await until(() => store.health().details.checksStored === 2);
    const files = readdirSync(folder);
    assert.ok(files.includes("streams.db-wal"));
    for (const name of files)
      assert.equal(readFileSync(path.join(folder, name)).includes("s3cret"), false, name);
    const said = [store.live.statusBody(), store.live.streamsBody()].map(({ bytes }) => bytes.toString());
    assert.equal(
      [...said, ...logger.texts(), JSON.stringify(store.health())].join().includes("s3cret"),
      false,
    );
  });

  it("answers from memory where nothing can be stored, and says so in its health", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(path.join(folder, "data"), "");
    const { store, logger } = await startedStore(context, path.join(folder, "data", "streams.db"));
    assert.deepEqual(store.confirmed(), { topic: "confirmed", payload: [], lastSeq: 0 });
    receiveMessage(store, STREAMS);
    receiveMessage(store, { topic: "checks", payload: [check("Gate")] });
    assert.match(store.live.statusBody().bytes.toString(), /"Gate":\{"latency":12,/);
    const health = store.health();
    assert.equal(health.running, false);
    assert.match(health.problems[0] ?? "", /^The database .+ cannot be opened for writing/);
    assert.equal(logger.lines.length, 1);
    const begin = performance.now();
    await store.stop();
    // so long Node-RED waits for a node that closes
    assert.ok(performance.now() - begin < 15_000);
  });

  it("moves a file aside that is no database and names it", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    writeFileSync(file, "not a database, but a note of forty letters or more");
    const { store, logger } = await startedStore(context, file);
    await until(() => store.health().problems.length === 1);
    const health = store.health();
    assert.equal(health.running, true);
    assert.match(
      health.problems[0] ?? "",
      /streams\.db was not a readable database and was moved to .+\.broken-/,
    );
    assert.deepEqual(logger.lines, [{ level: "warn", text: health.problems[0] }]);
  });

  it("starts a thread again that died, with the streams and states that it needs", async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, "streams.db");
    const workerFile = path.join(folder, "worker.js");
    const worker = JSON.stringify(require.resolve("../../nodes/status-store/store-worker"));
    const mark = JSON.stringify(path.join(folder, "died"));
    // dies of the first check that it gets, once
    writeFileSync(
      workerFile,
      `const fs = require("node:fs");
       require("node:worker_threads").parentPort.on("message", ({ kind }) => {
         if (kind === "checks" && !fs.existsSync(${mark})) { fs.writeFileSync(${mark}, ""); throw new Error("a bug"); }
       });
       require(${worker});`,
    );
    const logger = new RecordingLogger();
    const store = new Store({ file, clock: systemClock, logger, workerFile });
    context.after(() => store.stop());
    store.start();
    await new Promise<void>((resolve) => store.whenRead(resolve));
    receiveMessage(store, STREAMS);
    receiveMessage(store, { topic: "states", payload: [stateOf("Gate")] });
    receiveMessage(store, { topic: "checks", payload: [check("Gate")] });
    await until(() => !store.health().running);
    assert.match(
      store.health().problems[0] ?? "",
      /^The store's thread died and is started again in 500 ms: Error: a bug/,
    );
    receiveMessage(store, { topic: "states", payload: [stateOf("Lobby")] });
    await until(() => store.health().running);
    receiveMessage(store, { topic: "checks", payload: [check("Gate", { at: NOW + 1 })] });
    await until(() => store.health().details.checksStored === 1);
    await store.stop();
    const open = rows(
      file,
      `SELECT name, state FROM spans JOIN streams ON id = stream WHERE "end" IS NULL ORDER BY name`,
    );
    assert.deepEqual(open, [
      { name: "Gate", state: 0 },
      { name: "Lobby", state: 0 },
    ]);
  });
});

describe("Store, when its thread does not begin", () => {
  const askWhile = async (
    context: TestContext,
    source: string,
    pass: (clock: FakeClock, answers: () => number) => void,
  ) => {
    const folder = temporaryFolder(context);
    const workerFile = path.join(folder, "worker.js");
    writeFileSync(workerFile, source);
    const clock = new FakeClock(NOW);
    const file = path.join(folder, "streams.db");
    const store = new Store({ file, clock, logger: new RecordingLogger(), workerFile });
    context.after(() => store.stop());
    store.start();
    receiveMessage(store, STREAMS);
    let answers = 0;
    store.whenRead(() => answers++);
    assert.equal(answers, 0);
    pass(clock, () => answers);
    await until(() => answers === 1);
    // and from then on at once
    store.whenRead(() => answers++);
    assert.equal(answers, 2);
    receiveMessage(store, { topic: "checks", payload: [check("Gate")] });
    assert.match(store.live.statusBody().bytes.toString(), /"Gate":\{"latency":12,/);
    return store;
  };

  it("answers from memory once it has died", async (context) => {
    const store = await askWhile(context, 'throw new Error("another version of Node.js")', () => {});
    assert.match(
      store.health().problems[0] ?? "",
      /^The store's thread died and is started again in 500 ms: Error: another version of Node\.js/,
    );
  });

  it("answers from memory after ten seconds in which it hangs, and no sooner", async (context) => {
    const hangs =
      'require("node:worker_threads").parentPort.on("message", ({ kind }) => kind === "stop" && process.exit())';
    const store = await askWhile(context, hangs, (clock, answers) => {
      clock.pass(9999);
      assert.equal(answers(), 0);
      clock.pass(1);
    });
    const { running, problems } = store.health();
    assert.equal(running, false);
    assert.match(problems[0] ?? "", /^The database .+streams\.db has not been opened for 10 s: /);
  });
});

/** A store whose thread dies whenever the word `die` is written into the file beside it. */
async function mortalStore(context: TestContext) {
  const folder = temporaryFolder(context);
  const [file, mark] = [path.join(folder, "streams.db"), path.join(folder, "mark")];
  const workerFile = path.join(folder, "worker.js");
  const worker = JSON.stringify(require.resolve("../../nodes/status-store/store-worker"));
  writeFileSync(mark, "");
  // before the store sees it: what comes with it is lost too
  writeFileSync(
    workerFile,
    `const { readFileSync, writeFileSync } = require("node:fs");
     require("node:worker_threads").parentPort.on("message", () => {
       if (readFileSync(${JSON.stringify(mark)}, "utf8") !== "die") return;
       writeFileSync(${JSON.stringify(mark)}, "");
       throw new Error("a bug");
     });
     require(${worker});`,
  );
  const store = new Store({ file, clock: systemClock, logger: new RecordingLogger(), workerFile });
  context.after(() => store.stop());
  store.start();
  await new Promise<void>((resolve) => store.whenRead(resolve));
  receiveMessage(store, STREAMS);
  receiveMessage(store, { topic: "checks", payload: [check("Gate"), check("Lobby")] });
  await until(() => store.health().details.checksStored === 2);
  /** The thread is dead afterwards; it died of a message that says nothing. */
  const die = async () => {
    writeFileSync(mark, "die");
    store.recordStates([]);
    await until(() => !store.health().running);
  };
  return { store, file, die, mark };
}

describe("Store, while its thread is dead", () => {
  it("loses no forget, no rename and no transition", async (context) => {
    const { store, file, die } = await mortalStore(context);
    const [gate, lobby] = STREAMS.payload;
    await die();
    // nothing of Lobby's path is stored: only what was told says that it is Hall, and later Salon
    receiveMessage(store, { topic: "streams", payload: [{ ...lobby, name: "Hall" }] });
    receiveMessage(store, { topic: "forget", payload: ["Gate"] });
    receiveMessage(store, { topic: "streams", payload: [gate, { ...lobby, name: "Salon" }] });
    receiveMessage(store, { topic: "transition", payload: transition("Salon", { seq: 5, at: Date.now() }) });
    await until(() => store.health().running);
    await until(() => store.live.find("Salon")?.id === 2 && store.live.find("Gate")?.id != null);
    await store.stop();
    const streams = rows(file, "SELECT id, name, removed FROM streams ORDER BY id");
    assert.deepEqual(streams.at(-1), { id: 2, name: "Salon", removed: null });
    assert.deepEqual(rows(file, "SELECT seq, stream FROM transitions"), [{ seq: 5, stream: 2 }]);
    const before = "SELECT count(*) AS count FROM all_checks JOIN streams ON id = stream";
    assert.deepEqual(rows(file, `${before} WHERE name = 'Salon'`), [{ count: 1 }]);
  });

  it("loses nothing that was sent just before, and writes nothing twice", async (context) => {
    const { store, file, die, mark } = await mortalStore(context);
    for (let seq = 1; seq < 4; seq++) {
      const [from, to] = seq % 2 === 1 ? (["up", "down"] as const) : (["down", "up"] as const);
      store.recordTransition(transition("Lobby", { seq, from, to, at: Date.now() + seq }));
    }
    receiveMessage(store, { ...STREAMS, payload: STREAMS.payload.slice(1) });
    writeFileSync(mark, "die");
    store.forget(["Gate"]);
    await until(() => !store.health().running);
    await until(() => store.health().running);
    await die();
    await until(() => store.health().running);
    await until(() => rows(file, "SELECT * FROM streams WHERE name = 'Gate'").length === 0);
    await until(() => rows(file, "SELECT * FROM all_checks").length === 1);
    await store.stop();
    assert.deepEqual(rows(file, "SELECT seq FROM transitions"), [{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
  });
});

describe("receiveMessage", () => {
  it("takes what is right of a message and says what is wrong", async (context) => {
    const { store } = await startedStore(context, path.join(temporaryFolder(context), "streams.db"));
    const refusal = (message: Record<string, unknown>) => {
      try {
        receiveMessage(store, message);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(refusal({ topic: "outage", payload: {} }), "");
    assert.equal(
      refusal({ payload: 1 }),
      "status-store takes messages with the topic streams, checks, transition, states, delivered, forget, snapshot; this one has none.",
    );
    assert.match(refusal({ topic: "toString" }), /this one has "toString"\.$/);
    assert.equal(
      refusal({ topic: "checks", payload: "x" }),
      'A message "checks" is wrong: payload: must be a list.',
    );
    assert.equal(
      refusal({ ...STREAMS, settings: { timezone: "Mars/Olympus" } }),
      'A message "streams" is wrong: settings.timezone: must be an IANA time zone such as Europe/Berlin.',
    );
    assert.equal(
      refusal({ ...STREAMS, payload: [...STREAMS.payload, { name: "x", url: "ftp://u:s3cret@h/" }] }),
      'A message "streams" is wrong: payload.2.url: must begin with rtsp://, rtsps://, http:// or https://, not ftp:// (1 of 3 entries left out).',
    );
    assert.match(
      refusal({ topic: "checks", payload: [check("Gate"), check("Gate", { at: 0.5 }), check("Lobby"), 7] }),
      /^A message "checks" is wrong: payload\.1\.at: .+ \(2 of 4 entries left out\)\.$/,
    );
    assert.match(
      refusal({ topic: "transition", payload: { stream: "Gate" } }),
      /^A message "transition" is wrong: payload\./,
    );
    assert.match(
      refusal({ topic: "states", payload: [stateOf("Gate"), null] }),
      /^A message "states" is wrong: payload\.1\./,
    );
    assert.deepEqual(
      streamsOf(store).map(({ name, state, last }) => [name, state, last !== null]),
      [
        ["Gate", "up", true],
        ["Lobby", "pending", true],
      ],
    );
    await until(() => store.health().details.checksStored === 2);
  });
});
