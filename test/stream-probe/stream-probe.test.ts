import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { Check, HealthReport } from "../../contracts";
import { outageMessageSchema, type ChecksMessage } from "../../contracts/messages";
import registerStreamProbe from "../../nodes/stream-probe/stream-probe";
import { fakeProgram } from "../support/fake-program";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { answering, describeOk, rtsp, ScriptedCamera } from "../support/scripted-camera";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

type Outputs = ({ topic: string; payload: unknown } | null)[];

/** The messages with this topic that a node has sent on this output. */
function sent(node: FakeNode, output: number, topic: string) {
  return (node.sent as Outputs[])
    .flatMap((outputs) => outputs[output] ?? [])
    .filter((message) => message.topic === topic);
}

const reds = new WeakMap<FakeNode, FakeRed>();

/** The last report of a node. */
const healthOf = (node: FakeNode) => reds.get(node)?.health.at(-1) as HealthReport | undefined;

function probeNode(): FakeNode {
  const red = new FakeRed();
  registerStreamProbe(red.api);
  const node = red.create("stream-probe", { heartbeat_seconds: "2", timeout_ms: "", confirm_failures: "1" });
  reds.set(node, red);
  return node;
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

describe("the node stream-probe", () => {
  it("sends an outage on the output of the transitions", async (t) => {
    const camera = await ScriptedCamera.start(() => {});
    const port = camera.port;
    await camera.stop();
    const node = probeNode();
    t.after(() => node.close());
    const url = `rtsp://127.0.0.1:${port}/`;
    await node.receive({
      payload: [
        { name: "a", url },
        { name: "b", url: `${url}b` },
      ],
    });
    await node.receive({ topic: "confirmed", payload: [], lastSeq: 0 });
    await until(() => sent(node, 1, "outage").length > 0);
    const [outage] = sent(node, 1, "outage").map((message) => outageMessageSchema.parse(message).payload);
    assert.deepEqual(
      [outage?.kind, outage?.event, outage?.host, outage?.streams],
      ["host", "began", "127.0.0.1", ["a", "b"]],
    );
    assert.equal(sent(node, 1, "transition").length, 2);
  });

  it("answers a test on its fourth output, by the same message", async (t) => {
    const camera = await ScriptedCamera.start(answering((request) => rtsp(request, "404 Not Found")));
    t.after(() => camera.stop());
    const node = probeNode();
    t.after(() => node.close());
    await node.receive({ payload: [] });
    const url = camera.url("/a", "rtsp://viewer:s3cret@");
    await node.receive({ topic: "test", _client: "me", payload: { name: "typed", url } });
    const [check] = sent(node, 3, "test") as (Record<string, unknown> & { payload: Check })[];
    assert.deepEqual(
      [check?._client, check?.statusCode, check?.payload.reason, check?.payload.message],
      ["me", 200, "wrong_path", "RTSP 404 Not Found"],
    );
    await node.receive({ topic: "test", payload: { name: "typed", url: "ftp://x" } });
    const { statusCode, payload } = sent(node, 3, "test")[1] as Record<string, unknown>;
    const message = "url: must begin with rtsp://, rtsps://, http:// or https://, not ftp://";
    assert.deepEqual([statusCode, payload], [400, { error: { code: "invalid", message, field: "url" } }]);
    assert.ok(!JSON.stringify(node.sent).includes("s3cret"));
  });

  it("passes over what is for others, and begins anew when it is told to", async (t) => {
    const node = probeNode();
    t.after(() => node.close());
    await node.receive({ topic: "forget", payload: ["a"] });
    await node.receive({ topic: "restart", payload: "mqtt" });
    await node.receive({ topic: "session", payload: { stream: "a", open: true } });
    await assert.rejects(
      node.receive({ topic: "session", payload: "a" }),
      /^Error: msg "session": payload: /,
    );
    await node.receive({ topic: "restart", payload: "monitor" });
    await until(() => healthOf(node)?.details.restarts === 1);
    assert.deepEqual(node.logger.texts("warn"), []);
  });

  it("that was stopped by hand says so, and is no fault", async (t) => {
    const node = probeNode();
    t.after(() => node.close());
    const payload = [{ name: "a", url: "rtsp://192.0.2.1/" }];
    await node.receive({ topic: "streams", payload, settings: { services: { monitor: { stopped: true } } } });
    await until(() => healthOf(node)?.details.stopped === true);
    const { running, problems, details } = healthOf(node) as HealthReport;
    assert.deepEqual(
      [running, problems, details.runningSince, details.lastError],
      [
        true,
        [
          "the monitor was stopped by hand: no stream is being probed until it is started (services.monitor in config.yaml)",
        ],
        null,
        null,
      ],
    );
    assert.deepEqual(node.statuses.at(-1), { fill: "grey", shape: "ring", text: "stopped" });
    await node.receive({ topic: "streams", payload: [] });
    await until(() => healthOf(node)?.details.stopped === false);
    assert.ok(Math.abs(Number(healthOf(node)?.details.runningSince) - Date.now()) < 60_000);
  });

  it("looks with ffprobe when it is told to, and ends it when it is closed", async (t) => {
    const camera = await ScriptedCamera.start(answering(describeOk));
    t.after(() => camera.stop());
    const before = process.env.FFPROBE_PATH;
    const script = `
      const { pid } = process;
      note("pid " + pid);
      if (require("node:fs").readFileSync(__filename + ".notes", "utf8").split("pid").length > 2) setInterval(() => {}, 1000);
      else console.log('{"streams":[{"codec_type":"video","codec_name":"vp9","width":8,"height":6}]}');`;
    const file = fakeProgram(temporaryFolder(t), "ffprobe", script);
    process.env.FFPROBE_PATH = file;
    const node = probeNode();
    if (before === undefined) delete process.env.FFPROBE_PATH;
    else process.env.FFPROBE_PATH = before;

    await node.receive({ payload: [{ name: "a", url: camera.url("/a"), level: "handshake" }] });
    await node.receive({ topic: "check", payload: "a", level: "deep" });
    const deep = () =>
      (sent(node, 0, "checks") as ChecksMessage[])
        .flatMap(({ payload }) => payload)
        .filter(({ level }) => level === "deep");
    await until(() => deep().length > 0);
    assert.equal(deep()[0]?.message, "ffprobe reads vp9 8x6");

    await node.receive({ topic: "check", level: "deep" });
    const pids = () =>
      [...readFileSync(`${file}.notes`, "utf8").matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
    await until(() => pids().length === 2 && isAlive(pids()[1] ?? 0));
    await node.close();
    await until(() => !pids().some(isAlive));
  });
});
