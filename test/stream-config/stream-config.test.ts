import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { streamsMessageSchema, type StreamsMessage } from "../../contracts/messages";
import registerStreamConfig from "../../nodes/stream-config/stream-config";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

const GOOD = "streams:\n- name: Gate\n  url: rtsp://viewer:s3cret@h/1\n";

function started(test: TestContext, red: FakeRed, definition: Record<string, unknown> = {}): FakeNode {
  registerStreamConfig(red.api);
  const node = red.create("stream-config", definition);
  test.after(() => node.close());
  red.startFlows();
  return node;
}

/** A node over a file with this text, once it has sent. */
async function running(test: TestContext, text: string) {
  const file = path.join(temporaryFolder(test), "config.yaml");
  writeFileSync(file, text);
  const red = new FakeRed({ userDir: path.dirname(file) });
  const node = started(test, red, { file });
  await until(() => node.sent.length === 1);
  return { file, red, node };
}

describe("the node stream-config", () => {
  it("sends a streams message when the flows have started, and shows and reports how it is", async (t) => {
    const { red, node } = await running(t, GOOD);
    const message = streamsMessageSchema.parse(node.sent[0]);
    assert.deepEqual(message.payload, [{ name: "Gate", url: "rtsp://viewer:s3cret@h/1", enabled: true }]);
    assert.equal(message.settings.heartbeat_seconds, 20);
    assert.deepEqual(node.statuses, [{ fill: "green", shape: "dot", text: "1 stream" }]);
    assert.deepEqual(red.health, [
      {
        source: node.id,
        part: "config",
        running: true,
        problems: [],
        details: { file: "config.yaml", streams: 1 },
      },
    ]);
  });

  it("sends its streams again after each deploy", async (t) => {
    const { red, node } = await running(t, GOOD);
    // a probe that is deployed alone has forgotten them
    red.startFlows();
    assert.equal(node.sent.length, 2);
    assert.deepEqual(node.sent[1], node.sent[0]);
    await node.close();
    red.startFlows();
    assert.equal(node.sent.length, 2);
  });

  it("sends changes, and shows problems in yellow and a refused file in red", async (t) => {
    const { file, red, node } = await running(t, GOOD);
    writeFileSync(file, `${GOOD}- name: Gate\n- name: Yard\n  url: rtsp://h/2\n  colour: red\n`);
    await until(() => node.sent.length === 2);
    assert.deepEqual(
      (node.sent[1] as StreamsMessage).payload.map(({ name }) => name),
      ["Gate", "Yard"],
    );
    assert.deepEqual(node.statuses[1], { fill: "yellow", shape: "ring", text: "2 streams, 2 problems" });

    writeFileSync(file, "streams:\n\t- name: s3cret\n");
    await until(() => node.statuses.length === 3);
    assert.deepEqual(node.statuses[2], {
      fill: "red",
      shape: "ring",
      text: "config.yaml:2:1: a tab is used for indentation: YAML wants spaces, so replace t…",
    });
    assert.equal(node.sent.length, 2);
    const report = red.health.at(-1);
    assert.ok(report && "running" in report);
    assert.equal(report.running, true);
    assert.deepEqual(report.problems, [
      "config.yaml:2:1: a tab is used for indentation: YAML wants spaces, so replace the tab by spaces; the last good settings stay in force",
    ]);
    assert.ok(!JSON.stringify([node.statuses, node.logger.lines, red.health]).includes("s3cret"));
  });

  it("reads and sends again when a message comes", async (t) => {
    const { node } = await running(t, GOOD);
    await node.receive({ payload: "" });
    assert.deepEqual(node.sent[1], node.sent[0]);
  });

  it("takes its report back and ends when it is closed", async (t) => {
    const { file, red, node } = await running(t, GOOD);
    await node.close();
    assert.deepEqual(red.health.at(-1), { source: node.id, withdrawn: true });
    assert.equal(red.events.listenerCount("flows:started"), 0);
    writeFileSync(file, "streams: []\n");
    assert.equal(node.sent.length, 1);
  });

  const guarded = { streampulse: { product: true } };
  const add = { action: "add-streams", streams: [{ name: "New", url: "rtsp://h/2" }] };

  /** What the node answers on its second output. */
  async function answerOf(node: FakeNode, message: Record<string, unknown>) {
    const before = node.sent.length;
    await node.receive(message);
    const answers = node.sent.slice(before).filter(Array.isArray) as [null, Record<string, unknown>][];
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.[0], null);
    return answers[0][1];
  }

  it("answers edits on its second output with the same message, after what is new in force", async (t) => {
    const { node } = await running(t, GOOD);
    const message: Record<string, unknown> = {
      topic: "edit",
      payload: add,
      _client: { socketId: "x" },
      extra: 1,
    };
    await node.receive(message);
    assert.equal(node.sent.length, 3);
    assert.deepEqual(
      (node.sent[1] as StreamsMessage).payload.map(({ name }) => name),
      ["Gate", "New"],
    );
    const [nothing, answer] = node.sent[2] as [null, Record<string, unknown>];
    assert.equal(nothing, null);
    assert.equal(answer, message);
    const { payload, headers: _headers, ...rest } = answer;
    assert.deepEqual((payload as { added: string[] }).added, ["New"]);
    assert.deepEqual(rest, { topic: "edit", statusCode: 201, _client: { socketId: "x" }, extra: 1 });
  });

  it("says on its first output whom to forget and what begins anew, before it answers", async (t) => {
    const { node } = await running(t, GOOD);
    await node.receive({
      topic: "edit",
      payload: { action: "delete-streams", names: ["Gate"], keep_history: false },
    });
    assert.deepEqual(node.sent.slice(2, 3), [{ topic: "forget", payload: ["Gate"] }]);
    await node.receive({ topic: "edit", payload: { action: "service", service: "monitor", do: "restart" } });
    assert.deepEqual(node.sent.slice(4, 5), [{ topic: "restart", payload: "monitor" }]);
  });

  it("answers an http response with text, and an object elsewhere", async (t) => {
    const { node } = await running(t, GOOD);
    const config = await answerOf(node, { topic: "config" });
    assert.equal(typeof config.payload, "object");
    const red = new FakeRed({ userDir: temporaryFolder(t), ...guarded });
    const product = started(t, red);
    await until(() => product.sent.length === 1);
    const answer = await answerOf(product, { topic: "config", req: { headers: {} }, res: {} });
    assert.equal(typeof answer.payload, "string");
    assert.equal(
      (answer.headers as Record<string, string>)["content-type"],
      "application/json; charset=utf-8",
    );
  });

  it("refuses requests of routes that nobody guards, and of pages of strangers", async (t) => {
    const req = (headers: Record<string, string>) => ({ headers: { host: "nr.local:1880", ...headers } });
    const codeOf = async (settings: object, headers: Record<string, string>, topic = "edit") => {
      const file = path.join(temporaryFolder(t), "config.yaml");
      writeFileSync(file, GOOD);
      const node = started(t, new FakeRed({ userDir: path.dirname(file), ...settings }), { file });
      await until(() => node.sent.length === 1);
      const { statusCode, payload } = await answerOf(node, { topic, payload: add, req: req(headers) });
      return [statusCode, (payload as { error?: { code: string } }).error?.code];
    };
    for (const topic of ["config", "edit", "import"]) {
      assert.deepEqual(await codeOf({}, {}, topic), [403, "not_guarded"], topic);
    }
    const auth = { httpNodeAuth: { user: "u", pass: "p" } };
    assert.deepEqual(await codeOf(auth, {}), [201, undefined]);
    assert.deepEqual(await codeOf(auth, { origin: "http://nr.local:1880" }), [201, undefined]);
    assert.deepEqual(await codeOf(auth, { origin: "http://evil.example" }), [403, "wrong_origin"]);
    assert.deepEqual(await codeOf(auth, { referer: "http://evil.example/x" }), [403, "wrong_origin"]);
    assert.deepEqual(await codeOf(guarded, { origin: "http://evil.example" }), [201, undefined]);
  });

  it("finds its file: its own, the product's, CFG_PATH, or one in the user folder", async (t) => {
    const userDir = temporaryFolder(t);
    const file = (name: string) => path.join(userDir, name);
    for (const name of ["own", "product", "environment"]) writeFileSync(file(name), GOOD);
    const before = process.env.CFG_PATH;
    t.after(() => (before === undefined ? delete process.env.CFG_PATH : (process.env.CFG_PATH = before)));

    const fileOf = async (settings: object, definition: object, cfgPath: string) => {
      process.env.CFG_PATH = cfgPath;
      const red = new FakeRed({ userDir, ...settings });
      const node = started(t, red, { ...definition });
      await until(() => red.health.length > 0);
      await node.close();
      const [report] = red.health;
      return report && "details" in report ? report.details.file : undefined;
    };
    const product = { streampulse: { configFile: file("product") } };
    assert.equal(await fileOf(product, { file: "own" }, file("environment")), "own");
    assert.equal(await fileOf(product, { file: " " }, file("environment")), "product");
    assert.equal(await fileOf({}, { file: "" }, file("environment")), "environment");
    assert.equal(await fileOf({}, {}, ""), "config.yaml");
    assert.deepEqual(await fileOf({}, { file: "streampulse/config.yaml" }, ""), "config.yaml");
  });
});
