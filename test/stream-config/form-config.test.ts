import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { ConfigAnswer, HealthReport } from "../../contracts";
import { MOST_FORM_STREAMS, type FormStream } from "../../common/form-streams";
import { readFormStreams } from "../../nodes/stream-config/read-form";
import registerStreamConfig from "../../nodes/stream-config/stream-config";
import { FakeRed, type FakeNode } from "../support/fake-red";

const line = (slot: number, name: string, url: string, more: Partial<FormStream> = {}): FormStream => ({
  ...{ id: `id-${slot}`, slot, name, url, enabled: true, group: "" },
  ...more,
});
const MASKED = "rtsp://viewer:********@cam.test/live";
const WHOLE = "rtsp://viewer:s3cret@cam.test/live";

describe("the streams of stream-config's form", () => {
  it("get their secrets from the node's credentials", () => {
    const lines = [
      line(0, "Gate", "rtsp://viewer:********@cam.test/other", { group: "Outside" }),
      line(1, "Yard", "rtsp://cam.test/2", { enabled: false }),
      line(2, "Shed", "rtsp://viewer:${PASSWORD}@cam.test/3"),
    ];
    const { streams, problems, ids } = readFormStreams(lines, { url_0: WHOLE }, { PASSWORD: "p" });
    assert.deepEqual(problems, []);
    assert.deepEqual(streams, [
      { name: "Gate", url: "rtsp://viewer:s3cret@cam.test/other", enabled: true, group: "Outside" },
      { name: "Yard", url: "rtsp://cam.test/2", enabled: false },
      { name: "Shed", url: "rtsp://viewer:p@cam.test/3", enabled: true },
    ]);
    assert.deepEqual([...ids], [["Gate", "id-0"], ["Yard", "id-1"], ["Shed", "id-2"]]); // prettier-ignore
  });

  const wrong: [what: string, lines: unknown[], problem: string][] = [
    [
      "a hidden password that is not there",
      [line(1, "Gate", MASKED)],
      'stream 1 "Gate": url hides its password, and no stored one is known: type it; it is left out',
    ],
    [
      "a hidden password for another host",
      [line(0, "Gate", "rtsp://viewer:********@elsewhere.test/live")],
      'stream 1 "Gate": url hides its password, which was for rtsp://cam.test: type it again; it is left out',
    ],
    [
      "a variable that is not set",
      [line(1, "Gate", "rtsp://${HOST}/live")],
      'stream 1 "Gate": the environment has no HOST; it is left out',
    ],
    [
      "a name that is taken",
      [line(1, "Gate", "rtsp://cam.test/1"), line(2, "Gate", "rtsp://cam.test/2")],
      'stream 2 "Gate": name is taken already: give each stream a name of its own; it is left out',
    ],
    [
      "a URL in the place of the name",
      [line(1, WHOLE, "s3cret")],
      "stream 1: url must begin with rtsp://, rtsps://, http:// or https://; it is left out",
    ],
    ["what is no line", [null], "stream 1: name must be text; it is left out"],
  ];
  for (const [what, lines, problem] of wrong) {
    it(`leave out ${what}, and say so without a secret`, () => {
      const read = readFormStreams(lines, { url_0: WHOLE }, {});
      assert.deepEqual(read.problems, [problem]);
      assert.equal(read.streams.length, lines.length - 1);
    });
  }

  it("are not more than there are credentials", () => {
    const lines = Array.from({ length: MOST_FORM_STREAMS + 1 }, (_, n) =>
      line(n, `s${n}`, "rtsp://cam.test/"),
    );
    const { streams, problems } = readFormStreams(lines, {}, {});
    assert.equal(streams.length, MOST_FORM_STREAMS);
    assert.match(problems[0] ?? "", /holds 101 streams and at most 100 are read/);
    assert.deepEqual(readFormStreams("x", {}, {}).streams, []);
  });
});

describe("the node stream-config with streams of its form", () => {
  function deployed(t: TestContext, red: FakeRed, streams: FormStream[]): FakeNode {
    const node = red.create("stream-config", {
      ...{ id: "config", source: "form", file: "", streams },
      credentials: { url_0: WHOLE },
    });
    t.after(() => node.close());
    red.startFlows();
    return node;
  }
  const newRed = () => {
    const red = new FakeRed({ userDir: "/nowhere" });
    registerStreamConfig(red.api);
    return red;
  };

  it("sends them, without settings, when the flows have started and again when it is asked", async (t) => {
    const red = newRed();
    const node = deployed(t, red, [line(0, "Gate", MASKED)]);
    const message = { topic: "streams", payload: [{ name: "Gate", url: WHOLE, enabled: true }] };
    assert.deepEqual(node.sent, [message]);
    await node.receive({ payload: "" });
    assert.deepEqual(node.sent[1], message);
    assert.deepEqual(node.statuses, [{ fill: "green", shape: "dot", text: "1 stream" }]);
    const { details, problems } = red.health[0] as HealthReport;
    assert.deepEqual([details, problems], [{ form: true, streams: 1 }, []]);
  });

  it("shows in yellow, and logs, what is wrong", (t) => {
    const node = deployed(t, newRed(), [line(1, "Gate", MASKED), line(2, "Yard", "rtsp://cam.test/")]);
    assert.deepEqual(node.statuses, [{ fill: "yellow", shape: "ring", text: "1 stream, 1 problem" }]);
    assert.equal(
      node.logger.texts("error").some((text) => text.includes("hides its password")),
      true,
    );
    assert.doesNotMatch(JSON.stringify([node.logger.lines, node.statuses]), /s3cret/);
  });

  it("tells of a stream that has another name after a deploy", async (t) => {
    const red = newRed();
    await deployed(t, red, [line(0, "Gate", MASKED)]).close();
    const node = deployed(t, red, [line(0, "Front gate", MASKED), line(1, "Gate", "rtsp://cam.test/2")]);
    assert.deepEqual((node.sent[0] as { renames: unknown }).renames, [{ from: "Gate", to: "Front gate" }]);
    red.startFlows();
    assert.equal("renames" in (node.sent[1] as object), false, "who hears of it later has heard of it");
    await node.close(true);
    const again = deployed(t, red, [line(0, "Other", MASKED)]);
    assert.equal("renames" in (again.sent[0] as object), false, "the node was deleted");
  });

  it("shows them masked, and refuses to change them", async (t) => {
    const node = deployed(t, newRed(), [line(0, "Gate", MASKED)]);
    node.sent.length = 0;
    await node.receive({ topic: "config" });
    await node.receive({ topic: "config", stream: "Yard" });
    await node.receive({ topic: "edit", payload: { action: "delete-streams", names: ["Gate"] } });
    await node.receive({ topic: "import", payload: { text: "" } });
    const answers = node.sent.map((sent) => (sent as [null, { statusCode: number; payload: unknown }])[1]);
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      [200, 404, 409, 409],
    );
    const { streams, read_only } = answers[0]?.payload as ConfigAnswer;
    assert.deepEqual(streams, [{ name: "Gate", url: MASKED, enabled: true }]);
    assert.match(read_only ?? "", /form of the stream-config node/);
    assert.match(JSON.stringify(answers[2]?.payload), /"code":"read_only"/);
  });
});
