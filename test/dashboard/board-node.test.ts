import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { HEALTH_EVENT } from "../../contracts";
import uiStreamBoard from "../../dashboard/ui-stream-board/ui-stream-board";
import type { InfoPush, RowsPush } from "../../dashboard/ui-stream-board/board-protocol";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { until } from "../support/until";
import { changes, liveStream, snapshot } from "./live-streams";

type Message = Record<string, unknown>;
type Hooks = Record<"onChange" | "onSend", (message: unknown, value: unknown, socket: unknown) => unknown>;

/** A browser's page, as far as the node sees it. */
class Page {
  readonly connected = true;
  readonly got: Message[] = [];
  private last = 0;

  constructor(
    readonly id: string,
    private readonly hooks: Hooks,
  ) {}

  readonly emit = (event: string, message: Message) => {
    assert.equal(event, "msg-input:board");
    this.got.push(message);
  };

  /** @returns the answer */
  async ask(ask: string, data: unknown = null): Promise<Message> {
    const id = ++this.last;
    void this.hooks.onChange({}, { ask, id, data }, this);
    return until(() => this.got.find(({ answer }) => answer === id));
  }

  pushes<Data>(kind: string): Data[] {
    return this.got.filter(({ push }) => push === kind).map(({ data }) => data as Data);
  }
}

/** A board in a group of a dashboard that keeps what widgets register. */
function board(test: TestContext, settings: Message = { streampulse: { product: true } }) {
  const red = new FakeRed({ get: () => undefined, ...settings });
  uiStreamBoard(red.api);
  const registered: { node: FakeNode; props: Message; hooks: Hooks }[] = [];
  const group = {
    register: (node: FakeNode, props: Message, hooks: Hooks) => registered.push({ node, props, hooks }),
  };
  red.nodes.createNode(group as unknown as FakeNode, { id: "group", type: "ui-group" });
  const node = red.create("ui-stream-board", { id: "board", group: "group", frame: true });
  test.after(() => node.close());
  const { hooks, props, node: facade } = registered[0]!;
  red.startFlows();
  /** What was sent on an output. */
  const sent = (output: number) => {
    const messages = (node.sent as (Message | null)[][]).map((outputs) => outputs[output] ?? null);
    return messages.filter((message) => message !== null);
  };
  return { red, node, facade, hooks, props, sent, page: (id = "page") => new Page(id, hooks) };
}

async function withStreams(test: TestContext, settings?: Message) {
  const all = board(test, settings);
  await all.node.receive({ ...snapshot(1, [liveStream("Gate", { id: 1 })]), board: "board" });
  return all;
}

describe("ui-stream-board, the node", () => {
  it("tells browsers that it runs in the product, and keeps its input to itself", (t) => {
    const { props, facade, node } = board(t);
    assert.equal(props.product, true);
    assert.equal(props.frame, true);
    const before = node.listenerCount("input");
    facade.on("input", () => assert.fail("a message of the wire went to Dashboard"));
    assert.equal(node.listenerCount("input"), before);
    facade.on("close", () => {});
    assert.ok(node.listenerCount("close") > 1);
  });

  it("says what it needs where there is no dashboard, or no group", () => {
    const red = new FakeRed();
    uiStreamBoard(red.api);
    const status = () => red.create("ui-stream-board", { group: "gone" }).statuses.at(-1);
    assert.deepEqual(status(), {
      ...{ fill: "red", shape: "ring" },
      text: "needs @flowfuse/node-red-dashboard",
    });
    red.nodes.createNode({} as FakeNode, { id: "base", type: "ui-base" });
    assert.equal(status()?.text, "choose a group");
  });

  it("asks for a snapshot once the flow runs, and ignores those of others", async (t) => {
    const { node, sent, page } = board(t);
    assert.deepEqual(sent(3), [{ topic: "snapshot", board: "board" }]);
    const viewer = page();
    await viewer.ask("open", { visible: [] });
    await node.receive({ ...snapshot(1, [liveStream("Other")]), board: "another" });
    assert.equal(viewer.pushes<InfoPush>("info").at(-1)?.ready, false);
    await node.receive({ ...snapshot(1, [liveStream("Gate")]), board: "board" });
    assert.equal(viewer.pushes<InfoPush>("info").at(-1)?.ready, true);
    assert.deepEqual(
      viewer.pushes<RowsPush>("rows").map(({ rows }) => rows.map(([, name]) => name)),
      [["Gate"]],
    );
  });

  it("hands questions on with the stream's name, and the answers back to who asked", async (t) => {
    const { node, sent, page } = await withStreams(t);
    const [one, other] = [page("one"), page("other")];
    const answered = Promise.all([
      one.ask("history", { key: 1, limit: 50 }),
      other.ask("incidents", { key: 1, limit: 5 }),
    ]);
    const [history, incidents] = sent(0) as [Message, Message];
    assert.equal(history.query, "history");
    assert.equal(history.stream, "Gate");
    assert.deepEqual(history.parameters, { limit: 50 });
    assert.deepEqual(incidents.parameters, { limit: 5, stream: "Gate" });
    await node.receive({ ...incidents, statusCode: 200, payload: Buffer.from('{"incidents":[]}') });
    await node.receive({ ...history, statusCode: 200, payload: '{"checks":[]}' });
    assert.deepEqual(
      (await answered).map(({ data }) => data),
      ['{"checks":[]}', '{"incidents":[]}'],
    );
  });

  it("tells the sentence of an answer that is an error", async (t) => {
    const { node, sent, page } = await withStreams(t);
    const answer = page().ask("enable", { key: 1, enabled: false });
    const edit = sent(2).at(-1)!;
    assert.deepEqual(edit.payload, { action: "change-stream", name: "Gate", stream: { enabled: false } });
    const error = { code: "read_only", message: "config.yaml cannot be written." };
    await node.receive({ ...edit, statusCode: 409, payload: { error } });
    assert.deepEqual((await answer).error, { ...error, field: undefined, fields: undefined });
  });

  it("asks for bars once a minute, whoever looks, and again after a change of state", async (t) => {
    const { node, sent, page } = await withStreams(t);
    const bars = [["down", "timeout"], null];
    const payload = JSON.stringify({
      ...{ from: 0, to: 2, bucketMs: 1 },
      streams: [{ name: "Gate", bars, latency: [7, null] }],
    });
    const first = page("one").ask("bars", { keys: [1, 99] });
    await node.receive({ ...sent(0).at(-1)!, statusCode: 200, payload });
    const expected = { bucketMs: 1, streams: [[1, 0, [1 + 2 + 8 * 5, 0], [7, -1]]] };
    assert.deepEqual((await first).data, expected);
    assert.deepEqual((await page("two").ask("bars", { keys: [1] })).data, expected);
    assert.equal(sent(0).length, 1);
    await node.receive({ ...changes(2, [liveStream("Gate", { id: 1, state: "down", reason: "timeout" })]) });
    void page("two").ask("bars", { keys: [1] });
    assert.equal(sent(0).length, 2);
    await node.receive({ ...sent(0).at(-1)!, statusCode: 200, payload });
  });

  it("keeps no bars that were asked for before a change of state", async (t) => {
    const { node, sent, page } = await withStreams(t);
    const first = page("one").ask("bars", { keys: [1] });
    const question = sent(0).at(-1)!;
    await node.receive({ ...changes(2, [liveStream("Gate", { id: 1, state: "down", reason: "timeout" })]) });
    const streams = [{ name: "Gate", bars: [["up", "ok"]], latency: [] }];
    await node.receive({
      ...question,
      statusCode: 200,
      payload: JSON.stringify({ from: 0, bucketMs: 1, streams }),
    });
    assert.deepEqual((await first).data, { bucketMs: 1, streams: [[1, 0, [9], []]] });
    void page("two").ask("bars", { keys: [1] });
    assert.equal(sent(0).length, 2);
  });

  it("checks a stream, and refuses that with a sentence where nobody asks for a login", async (t) => {
    const guarded = await withStreams(t);
    await guarded.page().ask("check", { key: 1, deep: true });
    assert.deepEqual(guarded.sent(1), [{ topic: "check", payload: ["Gate"], level: "deep" }]);

    const open = await withStreams(t, {});
    for (const [ask, data] of [
      ["check", { key: 1, deep: false }],
      ["delete", { key: 1, keepHistory: true }],
      ["enable", { key: 1, enabled: false }],
      ["start", { service: "monitor" }],
    ] as const) {
      const { code, message } = (await open.page().ask(ask, data)).error as { code: string; message: string };
      assert.equal(code, "not_guarded");
      assert.match(message, /dashboard\.ioMiddleware/);
    }
    assert.deepEqual(open.sent(1), []);
    assert.deepEqual(
      open.sent(2).map(({ topic }) => topic),
      ["config"],
    );

    const own = await withStreams(t, { dashboard: { ioMiddleware: () => {} } });
    assert.equal((await own.page().ask("check", { key: 1, deep: false })).error, undefined);
  });

  it("lets no browser send anything else on its wires", async (t) => {
    const { node, hooks, page } = await withStreams(t);
    const sent = node.sent.length;
    hooks.onSend(
      { topic: "edit", payload: { action: "delete-streams", names: ["Gate"] } },
      undefined,
      undefined,
    );
    const hostile = page();
    for (const [ask, data] of [
      ["toString", null],
      ["__proto__", null],
      ["history", { key: 1, bucket: "x".repeat(1e5) }],
      ["history", { key: "1; DROP TABLE" }],
      ["bars", { keys: Array.from({ length: 1000 }, (_, key) => key) }],
      ["start", { service: "../x" }],
      ["enable", "Gate"],
    ] as const) {
      assert.ok((await hostile.ask(ask, data)).error, ask);
    }
    await hooks.onChange({}, null, hostile);
    await hooks.onChange({}, { ask: 7 }, hostile);
    assert.equal(node.sent.length, sent);
  });

  it("answers so many questions of a page at once, and no more", async (t) => {
    const { page, sent } = await withStreams(t);
    const viewer = page();
    for (let count = 0; count < 30; count++) void viewer.ask("history", { key: 1 }).catch(() => {});
    assert.equal(((await viewer.ask("history", { key: 1 })).error as Message).code, "busy");
    assert.equal(sent(0).length, 30);
  });

  it("shows problems of all parts and what was stopped, and tells pages when that changes", async (t) => {
    const { red, node, sent, page } = await withStreams(t);
    const viewer = page();
    await viewer.ask("open", { visible: [] });
    const info = () => viewer.pushes<InfoPush>("info").at(-1)!;
    assert.deepEqual([info().problems, info().stopped, info().timezone], [[], [], "UTC"]);

    const config = sent(2).find(({ topic }) => topic === "config")!;
    await node.receive({ ...config, payload: { problems: ["streams.1: its name is taken already."] } });
    await until(() => info().problems.length === 1);
    const report = { part: "probe", running: true, details: {} };
    red.events.emit(HEALTH_EVENT, { ...report, source: "probe", problems: ["ffprobe is missing."] });
    assert.deepEqual(info().problems, ["streams.1: its name is taken already.", "ffprobe is missing."]);
    red.events.emit(HEALTH_EVENT, { ...report, part: "config", source: "config", problems: [] });
    assert.deepEqual(info().problems, ["ffprobe is missing."]);

    const pushes = viewer.pushes("info").length;
    red.events.emit(HEALTH_EVENT, { ...report, source: "probe", problems: ["ffprobe is missing."] });
    assert.equal(viewer.pushes("info").length, pushes);

    const settings = { timezone: "Europe/Berlin", services: { monitor: { stopped: true } } };
    await node.receive({
      topic: "streams",
      payload: [{ name: "Gate", url: "rtsp://u:s3cret@192.0.2.1/" }],
      settings,
    });
    assert.deepEqual([info().timezone, info().stopped], ["Europe/Berlin", ["monitor"]]);
    const stopped = { ...report, source: "probe", details: { stopped: true } };
    red.events.emit(HEALTH_EVENT, { ...stopped, problems: ["The monitor was stopped by hand."] });
    assert.deepEqual(info().problems, [], "that is said already");
    assert.ok(!JSON.stringify(viewer.got).includes("s3cret"));
  });

  it("refuses a message that is not for it", async (t) => {
    const { node } = await withStreams(t);
    await assert.rejects(
      node.receive({ topic: "checks", payload: [] }),
      /"snapshot", "changes" or "streams"/,
    );
    await node.receive({ topic: "forget", payload: ["Gate"] });
  });

  it("answers what waits when it is closed", async (t) => {
    const { node, page } = await withStreams(t);
    const answer = page().ask("history", { key: 1 });
    await node.close();
    assert.equal(((await answer).error as Message).code, "closed");
  });
});
