import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { outageMessageSchema, type ChecksMessage } from "../../contracts/messages";
import registerStreamProbe from "../../nodes/stream-probe/stream-probe";
import { fakeProgram } from "../support/fake-program";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { answering, describeOk, ScriptedCamera } from "../support/scripted-camera";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

type Outputs = ({ topic: string; payload: unknown } | null)[];

/** The messages with this topic that a node has sent on this output. */
function sent(node: FakeNode, output: number, topic: string) {
  return (node.sent as Outputs[])
    .flatMap((outputs) => outputs[output] ?? [])
    .filter((message) => message.topic === topic);
}

function probeNode(): FakeNode {
  const red = new FakeRed();
  registerStreamProbe(red.api);
  return red.create("stream-probe", { heartbeat_seconds: "2", timeout_ms: "", confirm_failures: "1" });
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
    const beganAt = performance.now();
    await node.close();
    assert.ok(performance.now() - beganAt < 2000);
    await until(() => !pids().some(isAlive));
  });
});
