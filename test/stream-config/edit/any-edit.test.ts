import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { editSchema } from "../../../contracts/edits";
import { ConfigDesk } from "../../../nodes/stream-config/config-desk";

/** One entry in one of the ways in which people write it; `%` stands for the indentation. */
const entry = fc
  .record({
    name: fc.constantFrom("a", "b", "c", "d e", "f: g", "7"),
    form: fc.integer({ min: 0, max: 7 }),
    comment: fc.constantFrom("", " # c1", "  # c2: x"),
    after: fc.constantFrom("", "%  # inner\n", "\n", "%# between\n", "# left\n\n"),
  })
  .map(({ name, form, comment, after }) => {
    const forms = [
      `%- name: "${name}"${comment}\n%  url: rtsp://u:p@h/1${comment}\n`,
      `%- url: rtsp://h/2\n%  name: '${name}'${comment}\n%  tags:\n%  - x${comment}\n%  - y\n`,
      `%- {name: "${name}", url: rtsp://h/3}${comment}\n`,
      `%-\n%    name: "${name}"\n%    url: 'rtsp://h/4'${comment}\n%    group: g\n`,
      `%- enabled: false${comment}\n%  name: "${name}"\n%  url: rtsp://h/5\n`,
      `%-   name: "${name}"\n%    url: >-\n%        rtsp://h/6\n`,
      `%- name: "${name}"\n%  url: rtsp://h/7\n%  group:${comment}\n%  tags: [x, y]${comment}\n`,
      `%- # lead\n%  "name": "${name}"\n%  "url": "rtsp://h/8"\n%  tags: []\n`,
    ];
    return (forms[form] ?? "") + after;
  });

const section = fc.constantFrom(
  "",
  "# about\nmqtt:\n  host: h # c\n  port: 1883\n",
  "mqtt: {host: h, port: 1}  # c\n",
  'mqtt:\n    # deep\n    host: "h"\n',
  "mqtt:\n",
  "heartbeat_seconds: 5   # beat\ntimezone: 'UTC'\n",
  "unknown:\n- a # x\n- b\n",
);

const config = fc
  .record({
    head: section,
    tail: section,
    entries: fc.uniqueArray(entry, {
      maxLength: 5,
      selector: (text) => /name"?: ["'](.*?)["']/.exec(text)?.[1],
    }),
    indent: fc.constantFrom("", "  ", "    "),
    lead: fc.constantFrom("", "% # lead\n", "\n"),
    crlf: fc.boolean(),
    cut: fc.boolean(),
  })
  .map(({ head, tail, entries, indent, lead, crlf, cut }) => {
    const list = entries.length === 0 ? "streams: []\n" : `streams: # list\n${lead}${entries.join("")}`;
    const text = head + list.replaceAll("%", indent) + (tail === head ? "" : tail);
    const ended = cut ? text.replace(/\n$/, "") : text;
    return crlf ? ended.replaceAll("\n", "\r\n") : ended;
  });

const values = fc.record(
  {
    group: fc.constantFrom("new", null, "a: b", "x, y"),
    tags: fc.constantFrom(["n"], ["p", "q"], null),
    enabled: fc.constantFrom(true, false, null),
    heartbeat_seconds: fc.constantFrom(30, null),
    url: fc.constantFrom("rtsp://new/1", "rtsp://u:********@h/1"),
  },
  { requiredKeys: [] },
);

const edit = fc.oneof(
  fc.record({
    action: fc.constant("change-stream"),
    name: fc.constantFrom("a", "b", "c", "d e", "f: g", "7"),
    stream: values,
  }),
  fc.record({
    action: fc.constant("delete-streams"),
    names: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d e"), { minLength: 1 }),
  }),
  fc.record({
    action: fc.constant("add-streams"),
    streams: fc.constantFrom(
      [{ name: "N", url: "rtsp://n/1" }],
      [
        { name: "N", url: "rtsp://n/1", tags: ["a"] },
        { name: "M: x", url: "http://n/2", group: "g" },
      ],
    ),
  }),
  fc.record({
    action: fc.constant("change-settings"),
    settings: fc.constantFrom<object>(
      { mqtt: { host: "new", retain: true } },
      { heartbeat_seconds: 9, probe: { level: "media", media_seconds: 0 } },
      { mqtt: { port: null } },
      { timezone: null, mqtt: null },
      { services: { mqtt: { stopped: true } } },
    ),
  }),
  fc.record({
    action: fc.constant("service"),
    service: fc.constant("mqtt"),
    do: fc.constantFrom("stop", "start"),
  }),
);

it("any edit of any file changes what it says, keeps every comment that is not deleted, and can be made back", (t) => {
  let saved = 0;
  let uneditable = 0;
  fc.assert(
    fc.property(config, edit, (text, wanted) => {
      const desk = new ConfigDesk({});
      const outcome = desk.edit(text, editSchema.parse(wanted));
      if ("refused" in outcome) {
        // what is not there or has no secret is refused as such; nothing else may be
        if (outcome.refused.error.code === "cannot_edit") {
          uneditable++;
          if (uneditable < 4) console.log(JSON.stringify(text), JSON.stringify(wanted));
        } else
          assert.ok(
            ["stream_not_found", "invalid"].includes(outcome.refused.error.code),
            outcome.refused.error.message,
          );
        return;
      }
      if (!outcome.saved) return;
      saved++;
      const after = outcome.saved.text;
      if (text.includes("\r\n"))
        assert.equal(after.replaceAll("\r\n", "").includes("\n"), false, "mixed line ends");
      const isDelete = wanted.action === "delete-streams" || JSON.stringify(wanted).includes("null");
      if (!isDelete && !/tags:\r?\n/.test(text)) {
        assert.deepEqual(comments(after), comments(text));
      }
      // a second reader knows nothing of the first
      const [once, again] = [desk.read(after), new ConfigDesk({}).read(after)];
      assert.ok(!("fatal" in once) && !("fatal" in again));
      assert.deepEqual(once, again);
      assert.deepEqual(once.streams, outcome.saved.config.streams);
    }),
    { numRuns: 1500 },
  );
  t.diagnostic(`${saved} saved, ${uneditable} to be made by hand`);
  assert.ok(saved > 500 && uneditable < saved / 100, `${saved} saved, ${uneditable} refused`);
});

function comments(text: string): string[] {
  return (text.match(/(?:^|[ ])#.*$/gm) ?? []).map((comment) => comment.trim()).sort();
}
