import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusal } from "./helpers";

const TAB = "a tab is used for indentation: YAML wants spaces, so replace the tab by spaces";
const QUOTES = "put quotes around a value that holds special characters";

/** Ten anchors, each an array of ten aliases of the one before: 10,000,000,000 values. */
function aliasBomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  return `${lines.join("\n")}\nstreams: []\n`;
}

describe("a config.yaml that is refused whole", () => {
  const cases: [what: string, text: string, where: string][] = [
    ["a tab before a list", "streams:\n\t- name: A\n", `2:1: ${TAB}`],
    ["a tab before a key", "mqtt:\n  host: a\n  \tport: 1\n", `3:3: ${TAB}`],
    ["a tab inside brackets", "streams: [\n\t{name: A}\n]\n", `2:2: ${TAB}`],
    ["an empty file", "", "1:1: the file is empty: write streams: [] when nothing is to be watched"],
    ["only comments", "# x\n\n", "1:1: the file is empty: write streams: [] when nothing is to be watched"],
    [
      "a list at the top",
      "# x\n- name: A\n",
      "2:1: the file must hold keys, such as streams:, each on a line of its own",
    ],
    ["a text", "rtsp://h\n", "1:1: the file must hold keys, such as streams:, each on a line of its own"],
    [
      "a missing quote",
      'site: "a\nstreams: []\n',
      '3:1: something is missing before this place: a ":" after a key, or a closing quote or bracket',
    ],
    [
      "a password that begins with @",
      "mqtt:\n  password: @s3cret\n",
      "2:13: a value must not begin with @, `, % or similar: put quotes around it",
    ],
    [
      "a password that begins with *",
      "mqtt:\n  password: *s3cret\n",
      "2:13: a value that begins with * is an alias, and there is no anchor of this name: put quotes around the value",
    ],
    [
      "two keys on a line",
      "a: b: s3cret\n",
      `1:4: one line holds more than one "key: value", or the next line is indented too far: ${QUOTES}`,
    ],
    ["two documents", "a: 1\n---\nb: 2\n", '2:1: the file holds a second document: remove the line "---"'],
    [
      "an alias inside of itself",
      "a: &a\n  b: *a\nstreams: []\n",
      "2:6: this alias stands inside of what it stands for: remove it",
    ],
    [
      "an alias bomb",
      aliasBomb(),
      "7:9: the aliases (*…) used here stand for more than 3000000 values: write out what is meant",
    ],
    [
      "a bomb of brackets",
      `a: ${"[".repeat(20_000)}`,
      // how deep the parser gets depends on the stack it finds
      "",
    ],
  ];
  for (const [what, text, where] of cases) {
    it(`names the place of ${what}`, () => {
      const line = refusal(text);
      assert.ok(!line.includes("s3cret"), line);
      if (where === "") assert.match(line, /^config\.yaml:1:\d+: /);
      else assert.equal(line, `config.yaml:${where}`);
    });
  }

  it("is not read when it is larger than 5 MB", () => {
    assert.equal(
      refusal(`# ${"x".repeat(10 * 1024 * 1024)}\nstreams: []\n`),
      "config.yaml: the file is larger than 5 MB: is it the right one?",
    );
  });
});
