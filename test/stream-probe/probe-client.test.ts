import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, it } from "node:test";
import { systemClock } from "../../common/clock";
import type { Check, StreamState, Transition } from "../../contracts/check";
import type { EngineStatistics } from "../../nodes/stream-probe/engine";
import { ProbeClient } from "../../nodes/stream-probe/probe-client";
import { fakeProgram } from "../support/fake-program";
import { monitorSettings, stream } from "../support/fake-probing";
import { RecordingLogger } from "../support/recording-logger";
import { answering, describeOk, rtsp, ScriptedCamera } from "../support/scripted-camera";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

/** Its reports come every second, on a loaded machine some later. */
const SILENCE_MS = 5000;

/** One that has ended may stand in the list of processes until its parent does. */
function runs(pid: string): boolean {
  const text = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : ") Z";
  return !/\) [ZX]/.test(text);
}

describe("the probe thread", () => {
  let camera: ScriptedCamera;
  let client: ProbeClient;
  const checks: Check[] = [];
  const transitions: Transition[] = [];
  const states: StreamState[] = [];
  let logger: RecordingLogger;
  const statistics: (EngineStatistics | undefined)[] = [];

  beforeEach(async () => {
    for (const list of [checks, transitions, states, statistics]) list.length = 0;
    logger = new RecordingLogger();
    camera = await ScriptedCamera.start(answering(describeOk));
    client = newClient();
    client.start();
  });

  function newClient(): ProbeClient {
    return new ProbeClient({
      clock: systemClock,
      logger,
      onChecks: (list) => checks.push(...list),
      onTransition: (transition) => transitions.push(transition),
      onOutage: () => {},
      onStates: (list) => states.push(...list),
      onPicture: () => {},
      onStatistics: (numbers) => statistics.push(numbers),
      silenceMs: SILENCE_MS,
    });
  }

  afterEach(async () => {
    await client.stop();
    await camera.stop();
  });

  it("probes, tells, and reports", async () => {
    client.setStreams(
      [stream("gate", { level: "handshake", url: camera.url("/gate") })],
      monitorSettings(2),
      [],
    );
    client.restore([], 0);
    await until(() => transitions.length === 1 && statistics.length > 0);
    const [first] = checks;
    assert.deepEqual([first?.stream, first?.state, first?.message], ["gate", "up", "RTSP 200"]);
    assert.deepEqual([transitions[0]?.from, transitions[0]?.to], ["pending", "up"]);
    assert.equal(statistics.at(-1)?.streams, 1);
  });

  it("that dies is started again, its streams pending meanwhile, and announces nothing twice", async () => {
    client.setStreams(
      [stream("gate", { level: "handshake", url: camera.url("/gate") })],
      monitorSettings(2),
      [],
    );
    client.restore([], 0);
    await until(() => transitions.length === 1);
    const since = transitions[0]?.at;
    checks.length = states.length = 0;
    client.killWorker();
    await until(() => states.some(({ state }) => state === "pending"));
    assert.equal(statistics.at(-1), undefined);
    await until(() => states.at(-1)?.state === "up" && checks.length >= 2);
    assert.deepEqual([states.at(-1)?.since, client.facts.restarts, transitions.length], [since, 1, 1]);
    assert.ok(!states.some(({ state }) => state === "down"));
    assert.match(logger.texts("error")[0] ?? "", /^probe worker died and is started again in 500 ms/);
  });

  it(
    "takes what it has started with it when it dies",
    { skip: !existsSync("/proc/self/stat") },
    async (t) => {
      await client.stop();
      const file = fakeProgram(
        temporaryFolder(t),
        "ffprobe",
        `note("pid " + process.pid); setInterval(() => {}, 1000);`,
      );
      const before = process.env.FFPROBE_PATH;
      process.env.FFPROBE_PATH = file;
      client = newClient();
      client.start();
      if (before === undefined) delete process.env.FFPROBE_PATH;
      else process.env.FFPROBE_PATH = before;
      const streams = [stream("gate", { level: "handshake", url: camera.url("/gate") })];
      client.setStreams(streams, monitorSettings(2), []);
      client.checkNow([], "deep");
      const pid = await until(() => {
        const notes = existsSync(`${file}.notes`) ? readFileSync(`${file}.notes`, "utf8") : "";
        return /pid (\d+)/.exec(notes)?.[1];
      });
      assert.equal(runs(pid), true);
      client.killWorker();
      await until(() => !runs(pid));
    },
  );

  it("lives on where this process was held up for longer than it may be silent", async () => {
    client.setStreams([], monitorSettings(2), []);
    await until(() => statistics.length > 0);
    const { length } = statistics;
    await new Promise<void>((resolve) =>
      // neither timers nor reports are heard meanwhile, and timers come first afterwards
      setImmediate(() => {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SILENCE_MS + 1500);
        resolve();
      }),
    );
    await until(() => statistics.length > length + 2);
    assert.deepEqual([client.facts.restarts, logger.texts("error")], [0, []]);
  });

  it("is started again by hand, which announces nothing, and goes on where it was", async () => {
    const streams = [stream("gate", { level: "handshake", url: camera.url("/gate") })];
    client.setStreams(streams, monitorSettings(2), []);
    client.restore([], 0);
    await until(() => transitions.length === 1 && statistics.length > 0);
    const since = transitions[0]?.at;
    const firstRun = client.facts.runningSince ?? 0;
    checks.length = states.length = 0;
    const interrupted = client.test(stream("typed", { url: "rtsp://192.0.2.1/" }));
    await Promise.all([client.restart(), client.restart()]);
    assert.ok("refused" in (await interrupted));
    await until(() => checks.length >= 2);
    assert.ok(states.length > 0 && states.every((told) => told.state === "up" && told.since === since));
    assert.deepEqual([transitions.length, client.facts.restarts, client.facts.lastError], [1, 2, null]);
    assert.ok((client.facts.runningSince ?? 0) > firstRun);
    assert.deepEqual(logger.texts("error"), []);
  });

  it("that was stopped by hand is unknown, also over a restart, and comes back without news", async () => {
    const streams = [stream("gate", { level: "handshake", url: camera.url("/gate") })];
    const stopped = { ...monitorSettings(2), services: { monitor: { stopped: true } } };
    client.setStreams(streams, monitorSettings(2), []);
    client.restore([], 0);
    await until(() => transitions.length === 1);
    client.setStreams(streams, stopped, []);
    await until(() => states.at(-1)?.state === "unknown" && statistics.at(-1)?.stopped);
    assert.equal(client.facts.runningSince, null);
    const { connections } = camera;
    states.length = 0;
    await client.restart();
    client.killWorker();
    await until(() => client.facts.restarts === 2 && statistics.at(-1)?.streams === 1);
    assert.match(client.facts.lastError ?? "", /^it ended with code \d$/);
    assert.ok(states.every(({ state }) => state === "unknown"));
    assert.equal(camera.connections, connections);
    client.setStreams(streams, monitorSettings(2), []);
    await until(() => states.at(-1)?.state === "up");
    assert.equal(transitions.length, 1);
    assert.ok(client.facts.runningSince !== null);
  });

  it("probes what somebody typed", async (context) => {
    const other = await ScriptedCamera.start(answering((request) => rtsp(request, "403 Forbidden")));
    context.after(() => other.stop());
    client.setStreams([], monitorSettings(2), []);
    const answer = await client.test(stream("typed", { url: other.url("/typed", "rtsp://viewer:s3cret@") }));
    assert.ok("check" in answer);
    const { stream: name, reason, message } = answer.check;
    assert.deepEqual([name, reason, message], ["typed", "forbidden", "RTSP 403 Forbidden"]);
    await client.stop();
    assert.ok("refused" in (await client.test(stream("late"))));
  });

  it("ends at once in the middle of a probe, and leaves no connection behind", async () => {
    const silent = await ScriptedCamera.start(() => {});
    try {
      client.setStreams(
        [stream("gate", { level: "handshake", url: silent.url("/gate") })],
        monitorSettings(2),
        [],
      );
      await until(() => silent.connections === 1);
      await client.stop();
      await until(() => silent.open === 0);
      assert.deepEqual(logger.texts("error"), []);
    } finally {
      await silent.stop();
    }
  });
});
