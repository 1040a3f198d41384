import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "../support/until";
import { startedStore, type Asking } from "./history-suite";
import { check, settings, stateOf, stream, transition } from "./support";

const HOUR = 3_600_000;

interface Page {
  checks: { at: number; message: string }[];
  next: { to: number } | null;
}
interface Incidents {
  incidents: { stream: string; start: number; end: number | null }[];
  next: { before: string } | null;
}

async function stored({ store }: Asking, count: number): Promise<void> {
  await until(() => store.health().details.checksStored === count);
}

// what both implementations have to get right at the ends of pages and ranges
for (const kind of ["file", "memory"] as const) {
  describe(`History in ${kind === "file" ? "a file" : "memory"}: pages and ranges`, () => {
    it("gives every check of one millisecond once, however small the pages are", async (context) => {
      const asking = await startedStore(context, kind);
      asking.store.setStreams({ payload: [stream("a"), stream("b")], settings: settings() });
      const now = Date.now();
      // seven at one time, two and one around them, and another stream's between
      const times = [now - 3, ...Array.from({ length: 7 }, () => now - 2), now - 1, now - 1];
      const checks = times.flatMap((at, index) => [
        check("a", { at, message: `a ${index}` }),
        check("b", { at, message: `b ${index}` }),
      ]);
      asking.store.recordChecks(checks);
      await stored(asking, 20);
      for (const limit of [1, 2, 3, 8, 100]) {
        const seen: string[] = [];
        let to: number | undefined = now + 1;
        for (let pages = 0; to !== undefined; pages++) {
          const page: Page = await asking.ask<Page>("history", { limit, to: String(to) }, "a");
          seen.push(...page.checks.map(({ message }) => message));
          to = page.next?.to;
          assert.ok(pages < 12);
        }
        assert.equal(seen.length, 10, `limit ${limit}`);
        assert.deepEqual(new Set(seen).size, 10, `limit ${limit}`);
        assert.equal(seen[9], "a 0");
      }
    });

    it("gives incidents that touch a range, whenever they began, page by page", async (context) => {
      const asking = await startedStore(context, kind);
      const { store } = asking;
      const begin = Date.now() + 1000;
      store.setStreams({ payload: [stream("a"), stream("b")], settings: settings() });
      store.recordStates(["a", "b"].map((name) => stateOf(name, { since: begin })));
      let seq = 0;
      const change = (name: string, from: number, to: number | null) => {
        store.recordTransition(transition(name, { seq: ++seq, at: begin + from }));
        if (to === null) return;
        const back = { from: "down", to: "up", reason: "ok" } as const;
        store.recordTransition(transition(name, { seq: ++seq, at: begin + to, ...back }));
      };
      for (const [from, to] of [
        [10, 20],
        [30, 90],
        [100, 110],
      ] as const) {
        change("a", from, to);
      }
      change("a", 200, null);
      change("b", 40, 60);
      interface Written {
        transitions: { seq: number }[];
      }
      await until(async () => (await asking.ask<Written>("transitions", {})).transitions.at(-1)?.seq === seq);
      const ask = async (from: number | null, to: number | null, more: object = {}) => {
        const starts: string[] = [];
        for (let before: string | undefined; ;) {
          const answer: Incidents = await asking.ask<Incidents>("incidents", {
            ...{
              limit: 1,
              from: from === null ? "" : String(begin + from),
              to: String(begin + (to ?? HOUR)),
            },
            ...more,
            before,
          });
          starts.push(...answer.incidents.map((one) => `${one.stream}${one.start - begin}`));
          before = answer.next?.before;
          if (before === undefined) return starts.join(" ");
        }
      };
      assert.equal(await ask(null, null), "a200 a100 b40 a30 a10");
      assert.equal(await ask(50, null), "a200 a100 b40 a30");
      assert.equal(await ask(50, 100), "b40 a30", "to is exclusive");
      assert.equal(await ask(20, 35), "a30", "one that ended at that moment is over");
      assert.equal(await ask(65, 95, { stream: "a" }), "a30");
      assert.equal(await ask(65, 95, { stream: "b" }), "");
      assert.equal(await ask(300, null), "a200", "the open one lasts");
      assert.equal(await ask(300, null, { open: "true" }), "a200");
      assert.equal(await ask(null, 150, { open: "true" }), "");
    });

    it("takes names as they are, whatever a database or a spreadsheet would make of them", async (context) => {
      const asking = await startedStore(context, kind);
      const { store } = asking;
      const names = [
        `'); DROP TABLE streams; --`,
        "=1+1",
        "@SUM(A1)",
        "-2",
        `a"b,c`,
        "%_",
        "__proto__",
        "ä/../b",
        "1",
      ];
      store.setStreams({ payload: names.map((name) => stream(name)), settings: settings() });
      const now = Date.now();
      store.recordChecks(names.map((name, index) => check(name, { at: now - index, message: `+${name}` })));
      await stored(asking, names.length);
      for (const name of names) {
        const { checks } = await asking.ask<Page>("history", {}, name);
        assert.deepEqual(
          checks.map(({ message }) => message),
          [`+${name}`],
        );
        assert.deepEqual((await asking.ask<Incidents>("incidents", { stream: name })).incidents, []);
        const bars = await asking.ask<{ streams: { name: string }[] }>("bars", { streams: [name] });
        assert.equal(bars.streams[0]?.name, name);
      }
      const range = { from: 0, to: now + 1, stream: null, timezone: "UTC" };
      const csv = await asking.text({ kind: "export", format: "csv", ...range });
      const cells = csv.trim().split("\r\n").slice(1);
      assert.equal(cells.length, names.length);
      for (const line of cells) {
        // no cell, quoted or not, begins as a formula does
        for (const cell of line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? [])
          assert.doesNotMatch(cell, /^"?[=+\-@]/);
      }
      const ndjson = await asking.text({ kind: "export", format: "ndjson", ...range });
      const exported = ndjson.trim().split("\n");
      assert.deepEqual(
        exported.map((line) => (JSON.parse(line) as { stream: string }).stream).sort(),
        [...names].sort(),
      );
    });
  });
}
