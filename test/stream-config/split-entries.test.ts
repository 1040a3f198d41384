import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DEFAULT_CONFIG } from "../../nodes/stream-config/default-config";
import { parseConfig } from "../../nodes/stream-config/parse-config";
import { KnownEntries } from "../../nodes/stream-config/read-streams";
import { splitConfig } from "../../nodes/stream-config/split-entries";

/** The same text with an anchor that nobody uses: that is always read whole. */
const whole = (text: string) =>
  parseConfig(`${text}${text.endsWith("\n") ? "" : "\n"}unused: &anchor x\n`, {});

/** Without what the anchor adds. */
function comparable(parsed: ReturnType<typeof parseConfig>) {
  if ("fatal" in parsed) return { fatal: parsed.fatal.message };
  const { streams, settings, problems, hiddenProblems, written } = parsed;
  const { unused: _, ...rest } = written.settings as { unused?: unknown };
  return {
    streams,
    settings,
    hiddenProblems,
    problems: problems.filter(({ place }) => place !== "unused"),
    written: { entries: written.entries, settings: rest },
  };
}

const SPLIT = `# head
heartbeat_seconds: 5
streams: # mine
  # first comment
  - name: Gate
    url: rtsp://h/1

  # between
  -
    name: Yard
    url: rtsp://h/2
    tags: [a, b]
    # inner
  - {name: Dock, url: rtsp://h/3}
# about mqtt
mqtt:
  host: x
`;

/** Counts what is read and not taken from memory. */
class CountingEntries extends KnownEntries {
  added = 0;

  override set(...entry: Parameters<KnownEntries["set"]>): void {
    this.added++;
    super.set(...entry);
  }
}

describe("a config.yaml in pieces", () => {
  it("is cut at its entries, and put together is what it was", () => {
    const split = splitConfig(SPLIT);
    assert.ok(split);
    assert.deepEqual(
      split.entries.map(({ line, text }) => [line, text.split("\n").length - 1]),
      [
        [5, 4],
        [9, 5],
        [14, 1],
      ],
    );
    const entries = split.entries.map(({ text }) => text).join("");
    assert.equal(split.frame.slice(0, split.cut) + entries + split.frame.slice(split.cut), SPLIT);
    assert.equal(split.frame.slice(split.cut), "# about mqtt\nmqtt:\n  host: x\n");
    for (const { text, offset } of split.entries)
      assert.equal(SPLIT.slice(offset, offset + text.length), text);
  });

  const notCut: [string, string][] = [
    ["an empty list", "streams: []\n"],
    ["no list", "heartbeat_seconds: 5\n"],
    ["a list in brackets", "streams: [{name: a, url: rtsp://h/1}]\n"],
    ["JSON", '{"streams": [{"name": "a"}]}\n'],
    ["anchors", "x: &a 1\nstreams:\n- name: a\n  url: rtsp://h/1\n"],
    ["aliases", "streams:\n- *a\n"],
    ["tags", "streams:\n- name: !!str 7\n"],
    ["a second list", "streams:\n- name: a\nstreams:\n- name: b\n"],
    ["a tab", "streams:\n- name: a\n\turl: x\n"],
    ["a directive", "%YAML 1.1\n---\nstreams:\n- name: a\n"],
    ["another document", "streams:\n- name: a\n---\nstreams:\n- name: b\n"],
    ["a text that ends elsewhere", "streams:\n- name: a\n'x y\n"],
    ["lines that end with a carriage return alone", "streams:\r- name: a\r"],
  ];
  for (const [name, text] of notCut) {
    it(`is read whole with ${name}`, () => assert.equal(splitConfig(text), undefined));
  }

  const same: [string, string][] = [
    ["entries of all forms", SPLIT],
    ["CRLF", SPLIT.replaceAll("\n", "\r\n")],
    ["no line end at the end", SPLIT.trimEnd()],
    ["entries at its end", "mqtt:\n  host: x\nstreams:\n- name: a\n  url: rtsp://h/1"],
    ["an unclosed quote", 'streams:\n- name: "a\n  url: rtsp://h/1\n- name: b"\n  url: rtsp://h/2\n'],
    ["a wrong indentation", "streams:\n- name: a\n url: rtsp://h/1\n"],
    ["entries that are none", "streams:\n- name: a\n  url: rtsp://h/1\n- just text\n-\n- - x\n- 7\n"],
    [
      "wrong keys",
      "streams:\n- name: a\n  url: x\n- name: b\n  url: rtsp://h/1\n  colour: red\n- name: c\n  colour: 1\n  url: rtsp://h/2\n",
    ],
    [
      "twins",
      "streams:\n- name: a\n  url: rtsp://h/1\n- name: b\n  url: rtsp://h/2\n- name: a\n  url: rtsp://h/3\n",
    ],
    [
      "a block of text",
      "streams:\n- name: |\n    a\n    # no comment\n  url: >-\n    rtsp://h/1\n# comment\nmqtt: {}\n",
    ],
    ["a key that is set twice", "streams:\n- name: a\n  name: b\n  url: rtsp://h/1\n"],
    ["explicit keys", "streams:\n- ? name\n  : a\n  url: rtsp://h/1\n? mqtt\n: {}\n"],
    ["the default file", DEFAULT_CONFIG],
  ];
  for (const [name, text] of same) {
    it(`says the same as the whole: ${name}`, () => {
      assert.deepEqual(comparable(parseConfig(text, {})), comparable(whole(text)));
    });
  }

  it("says the same as the whole whatever it is made of", () => {
    const line = fc.constantFrom(
      ...[
        "streams:",
        "- name: a",
        "  url: rtsp://h/1",
        "- name: b",
        "  url: http://u:p@h/2",
        "  - x",
        "- ",
        "-",
      ],
      ...[
        "  tags:",
        "  - t",
        "# c",
        "  # d",
        "",
        "mqtt:",
        "  host: h",
        'site: "x',
        '"',
        "  name: |",
        "    text",
      ],
      ...["  group: [a,", "b]", "{", "}", "heartbeat_seconds: 5", "  : x", "? k", "...", "- name: 'a", "'"],
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), fc.boolean(), (lines, crlf) => {
        const text = lines.join(crlf ? "\r\n" : "\n");
        const [inPieces, atOnce] = [comparable(parseConfig(text, {})), comparable(whole(text))];
        // an anchor behind a broken text may be a part of the fault
        if ("fatal" in inPieces)
          assert.ok("fatal" in atOnce || text.trim() === "" || !/streams/.test(text), text);
        else if (!("fatal" in atOnce)) assert.deepEqual(inPieces, atOnce);
      }),
      { numRuns: 3000 },
    );
  });

  it("is read anew only where it has changed, with the lines of now", () => {
    const known = new KnownEntries();
    const text =
      "streams:\n- name: a\n  url: rtsp://h/1\n- name: b\n  url: rtsp://h/2\n- name: a\n  url: rtsp://h/3\n";
    const first = parseConfig(text, {}, known);
    const second = parseConfig(`# one line more\n${text}`, {}, known);
    assert.ok(!("fatal" in first) && !("fatal" in second));
    assert.deepEqual(second.streams, first.streams);
    assert.deepEqual(
      [first, second].map(({ problems }) =>
        problems.map(({ line, column, message }) => [line, column, message]),
      ),
      [2, 3].map((line) => [
        [
          line + 4,
          9,
          `streams[2] "a": name is taken already, on line ${line}: give each stream a name of its own; the stream is skipped`,
        ],
      ]),
    );
  });

  it("has only what is new among 10,000 entries read", () => {
    const known = new CountingEntries();
    const entry = (i: number) => `- name: Camera ${i}\n  url: rtsp://u:p@10.0.${i >> 8}.${i & 255}/1\n`;
    const text = `streams:\n${Array.from({ length: 10_000 }, (_, i) => entry(i)).join("")}`;
    parseConfig(text, {}, known);
    assert.equal(known.added, 10_000);
    const parsed = parseConfig(`${text}${entry(10_000)}`, {}, known);
    assert.ok(!("fatal" in parsed));
    assert.equal(parsed.streams?.length, 10_001);
    assert.equal(known.added, 10_001);
  });
});
