import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import type { Transition } from "../../contracts";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { refusalOf, startedStore, type Asking } from "./history-suite";
import { check, settings, stateOf, stream, transition } from "./support";

const HOUR = 3_600_000;

interface Uptime {
  uptime: number | null;
  samples: { ok: number; total: number; ratio: number | null };
  ms: Record<string, number>;
}

/** Two streams since two hours ago: Gate was down for its last half hour, Lobby is paused. Four checks each hour. */
async function record({ store }: Asking, now: number): Promise<void> {
  const streams = [
    stream("Gate", undefined, { group: "yard" }),
    stream("Lobby", undefined, { group: "house" }),
  ];
  store.setStreams({ payload: streams, settings: settings({ timezone: "Europe/Berlin" }) });
  const begin = now - 2 * HOUR;
  store.recordStates([
    stateOf("Gate", { since: begin }),
    stateOf("Lobby", { since: begin, state: "paused", reason: null, level: null }),
  ]);
  for (let at = begin; at < now; at += HOUR / 4) {
    const isUp = at < now - HOUR / 2;
    const seen = isUp ? {} : ({ state: "down", reason: "timeout", message: "=timeout" } as const);
    store.recordChecks([check("Gate", { at, latencyMs: isUp ? (at - begin) / (HOUR / 4) : null, ...seen })]);
  }
  store.recordTransition(transition("Gate", { at: now - HOUR / 2, seq: 7, message: "=timeout" }));
  await until(() => store.health().details.checksStored === 8);
}

for (const kind of ["file", "memory"] as const) {
  // streams are made now, and a state cannot have begun before: the clock of the store is the machine's
  describe(`History in ${kind === "file" ? "a file" : "memory"}`, () => {
    it("gives the newest checks first, page by page, with times in both forms", async (context) => {
      const asking = await startedStore(context, kind);
      const now = Date.now();
      await record(asking, now);
      interface Page {
        checks: { at: number; time: string; state: string; status: string; latencyMs: number | null }[];
        next: { to: number } | null;
      }
      const seen: Page["checks"] = [];
      let next: Page["next"] = { to: now + 1 };
      for (let pages = 0; next; pages++) {
        const page: Page = await asking.ask<Page>("history", { limit: "3", to: String(next.to) }, "Gate");
        seen.push(...page.checks);
        next = page.next;
        assert.ok(pages < 3);
      }
      assert.deepEqual(
        seen.map(({ at }) => at),
        Array.from({ length: 8 }, (_, index) => now - ((index + 1) * HOUR) / 4),
      );
      assert.deepEqual(
        seen.map(({ state, status, latencyMs }) => [state, status, latencyMs]),
        [
          ...[0, 1].map(() => ["down", "fail", null]),
          ...[5, 4, 3, 2, 1, 0].map((latency) => ["up", "ok", latency]),
        ],
      );
      assert.equal(Date.parse(seen[0]!.time.replace("000+", "+")), seen[0]!.at);
      assert.match(seen[0]!.time, /\+0[12]:00$/);
    });

    it("gives buckets of any width with exact counts", async (context) => {
      const asking = await startedStore(context, kind);
      const now = Date.now();
      await record(asking, now);
      interface Buckets {
        buckets: { at: number; checks: Record<string, number>; ok: number; ms: Record<string, number> }[];
      }
      for (const bucket of ["600", "15m", "1h", "6h", "1d", "2d"]) {
        const { buckets } = await asking.ask<Buckets>(
          "history",
          { bucket, from: String(now - 3 * HOUR), to: String(now + HOUR) },
          "Gate",
        );
        const sum = (pick: (bucket: Buckets["buckets"][0]) => number) =>
          buckets.reduce((total, one) => total + pick(one), 0);
        assert.equal(
          sum(({ checks }) => checks.up!),
          6,
          bucket,
        );
        assert.equal(
          sum(({ checks }) => checks.down!),
          2,
          bucket,
        );
        assert.equal(
          sum(({ ok }) => ok),
          6,
          bucket,
        );
        assert.ok(buckets.every(({ at }, index) => index === 0 || at > buckets[index - 1]!.at));
      }
    });

    it("counts uptime by state and by sample, by stream, group and in all", async (context) => {
      const asking = await startedStore(context, kind);
      const now = Date.now();
      await record(asking, now);
      interface Answer {
        rule: string;
        all: Record<string, Uptime>;
        groups: ({ group: string } & Record<string, Uptime>)[];
        streams: ({ name: string; group: string } & Record<string, Uptime>)[];
      }
      const answer = await asking.ask<Answer>("uptime");
      assert.match(answer.rule, /^uptime = up \/ \(up \+ degraded \+ down\)/);
      for (const window of ["24h", "7d", "30d", "90d"]) {
        assert.deepEqual(answer.all[window]!.samples, { ok: 6, total: 8, ratio: 0.75 }, window);
      }
      const gate = answer.streams.find(({ name }) => name === "Gate")!["24h"]!;
      const lobby = answer.streams.find(({ name }) => name === "Lobby")!["24h"]!;
      assert.deepEqual(lobby.samples, { ok: 0, total: 0, ratio: null });
      assert.equal(lobby.uptime, null);
      assert.ok(lobby.ms.paused! > 0 && lobby.ms.up === 0);
      assert.equal(gate.ms.paused, 0);
      assert.deepEqual(
        answer.groups.map((one) => [one.group, one["24h"]!.samples.total]),
        [
          ["yard", 8],
          ["house", 0],
        ],
      );
      const one = await asking.ask<Answer>("uptime", { window: "7d", by: "stream", stream: "Gate" });
      assert.deepEqual(Object.keys(one.streams[0]!), ["name", "group", "7d"]);
      assert.equal(one.all, undefined);
    });

    it("gives incidents, newest first, by stream, open ones and page by page", async (context) => {
      const asking = await startedStore(context, kind);
      await record(asking, Date.now());
      for (let seq = 8; seq < 14; seq++) {
        const isDown = seq % 2 === 1;
        const [from, to, reason] = isDown
          ? (["up", "down", "timeout"] as const)
          : (["down", "up", "ok"] as const);
        asking.store.recordTransition(
          transition("Gate", { seq, from, to, reason, at: Date.now() + seq * 10 }),
        );
      }
      interface Incidents {
        incidents: { id: number; stream: string; start: number; end: number | null; reason: string }[];
        next: { before: string } | null;
      }
      await until(
        async () => (await asking.ask<Incidents>("incidents", { limit: "20" })).incidents.length === 4,
      );
      const all = await asking.ask<Incidents>("incidents");
      assert.ok(all.incidents.every(({ stream, reason }) => stream === "Gate" && reason === "timeout"));
      assert.deepEqual(
        all.incidents.map(({ end }) => end === null),
        [true, false, false, false],
      );
      const first = await asking.ask<Incidents>("incidents", { limit: "3" });
      const second = await asking.ask<Incidents>("incidents", { limit: "3", before: first.next!.before });
      assert.deepEqual([...first.incidents, ...second.incidents], all.incidents);
      assert.equal(second.next, null);
      assert.equal((await asking.ask<Incidents>("incidents", { open: "true" })).incidents.length, 1);
      assert.equal((await asking.ask<Incidents>("incidents", { stream: "Lobby" })).incidents.length, 0);
      assert.equal((await asking.ask<{ code: number }>("incidents", { stream: "nobody" })).code, 404);
    });

    it("gives bars of states and mean latencies of many streams, and leaves out those that there are not", async (context) => {
      const asking = await startedStore(context, kind);
      const now = Date.now();
      await record(asking, now);
      interface Bars {
        from: number;
        to: number;
        bucketMs: number;
        streams: { name: string; bars: ([string, string | null] | null)[]; latency: (number | null)[] }[];
      }
      const streams = ["Lobby", "nobody", "Gate"];
      const { from, to, bucketMs, streams: found } = await asking.ask<Bars>("bars", { streams });
      assert.deepEqual([bucketMs, to - from, to % bucketMs], [HOUR / 2, 24 * HOUR, 0]);
      assert.ok(to >= now && to - now <= bucketMs + 60_000);
      assert.deepEqual(
        found.map(({ name, bars, latency }) => [name, bars.length, latency.length, bars.at(-1), bars[0]]),
        [
          ["Lobby", 48, 24, ["paused", null], null],
          ["Gate", 48, 24, ["down", "timeout"], null],
        ],
      );
      assert.deepEqual(
        found[0]!.latency,
        Array.from({ length: 24 }, () => null),
      );
      // latencies 0 to 5 ms, a quarter of an hour apart from two hours ago
      const byHour = new Map<number, number[]>();
      for (let index = 0; index < 6; index++) {
        const hour = Math.floor((now - 2 * HOUR + (index * HOUR) / 4) / HOUR);
        byHour.set(hour, [...(byHour.get(hour) ?? []), index]);
      }
      const means = [...byHour.values()].map((some) =>
        Math.round(some.reduce((sum, one) => sum + one, 0) / some.length),
      );
      assert.deepEqual(
        found[1]!.latency.filter((latency) => latency !== null),
        means,
      );
      const few = await asking.ask<Bars>("bars", { streams: "Gate", hours: "2", buckets: 4 });
      assert.deepEqual([few.bucketMs, few.streams[0]!.bars.length], [HOUR / 2, 4]);
    });

    it("gives transitions after a number, or after what a consumer said", async (context) => {
      const folder = temporaryFolder(context);
      const asking = await startedStore(context, kind, folder);
      const { store } = asking;
      await record(asking, Date.now());
      for (let seq = 8; seq < 12; seq++) {
        store.recordTransition(transition("Lobby", { seq, at: Date.now() + seq, message: undefined }));
      }
      interface Transitions {
        transitions: Transition[];
        delivered: number | null;
        lastSeq: number;
      }
      const ask = async (parameters: object) => {
        const { transitions, ...rest } = await asking.ask<Transitions>("transitions", parameters);
        return [transitions.map(({ seq }) => seq), rest.delivered, rest.lastSeq];
      };
      await until(
        async () => (await asking.ask<Transitions>("transitions", {})).transitions.at(-1)?.seq === 11,
      );
      const { transitions } = await asking.ask<Transitions>("transitions", { limit: 2 });
      assert.deepEqual(transitions[0], {
        ...{ stream: "Gate", from: "up", to: "down", reason: "timeout", message: "=timeout", seq: 7 },
        ...{ at: transitions[0]!.at, previousDurationMs: 60_000, level: "handshake" },
      });
      assert.equal("message" in transitions[1]!, false);
      assert.deepEqual(await ask({ after: 9 }), [[10, 11], null, 11]);
      assert.deepEqual(await ask({ consumer: "mqtt" }), [[], 11, 11], "for the first time");
      store.recordTransition(transition("Gate", { seq: 12, from: "down", to: "up", at: Date.now() + 60 }));
      assert.equal((await ask({ consumer: "mqtt" }))[2], 12, "which is on its way to the database");
      await until(async () => ((await ask({ consumer: "mqtt" }))[0] as number[]).length === 1);
      assert.deepEqual(await ask({ consumer: "mqtt" }), [[12], 11, 12]);
      assert.deepEqual(await ask({ consumer: "mqtt", after: "8", limit: 1 }), [[9], 11, 12]);
      store.recordDelivered("mqtt", 12);
      assert.deepEqual(await ask({ consumer: "mqtt" }), [[], 12, 12], "at once");
      store.recordDelivered("mqtt", 9);
      assert.deepEqual(await ask({ consumer: "mqtt" }), [[], 12, 12], "and never back");
      if (kind === "memory") return;
      await store.stop();
      const again = await startedStore(context, kind, folder);
      const known = await again.ask<Transitions>("transitions", { consumer: "mqtt" });
      assert.deepEqual(known, { transitions: [], delivered: 12, lastSeq: 12 });
    });

    it("forgets streams with all their history, and of a watched one what was before", async (context) => {
      const asking = await startedStore(context, kind);
      const { store } = asking;
      await record(asking, Date.now());
      store.setStreams({ payload: [stream("Lobby")], settings: settings() });
      store.forget(["Gate", "Lobby", "nobody"]);
      const whole = { from: 0, to: Date.now() + HOUR, stream: null, timezone: "UTC" };
      const csv = () => asking.text({ kind: "export", format: "csv", ...whole });
      await until(async () => !(await csv()).includes("Gate"));
      assert.equal((await asking.ask("history", {}, "Gate")).code, 404);
      assert.deepEqual((await asking.ask("incidents")).incidents, []);
      assert.deepEqual((await asking.ask("transitions")).transitions, []);
      assert.deepEqual((await asking.ask("history", {}, "Lobby")).checks, []);
      const [lobby] = (await asking.ask<{ streams: { bars: unknown[] }[] }>("bars", { streams: ["Lobby"] }))
        .streams;
      assert.deepEqual(lobby!.bars.at(-1), ["paused", null]);
      // a stream of the same name is another one
      store.setStreams({ payload: [stream("Lobby"), stream("Gate")], settings: settings() });
      await until(() => store.live.find("Gate")?.id === 3);
      assert.equal(store.live.find("Lobby")?.id, 2);
    });

    it("exports every check as CSV that no spreadsheet takes for formulas, and as NDJSON", async (context) => {
      const asking = await startedStore(context, kind);
      const now = Date.now();
      await record(asking, now);
      const whole = { from: 0, to: now + 1, stream: null, timezone: "UTC" };
      const csv = await asking.text({ kind: "export", format: "csv", ...whole });
      const lines = csv.split("\r\n");
      assert.equal(lines.shift(), "stream,ts,status,latency_ms,message");
      assert.equal(lines.pop(), "");
      assert.equal(lines.length, 8);
      const time = `${new Date(now - HOUR / 4).toISOString().slice(0, 23)}000+00:00`;
      assert.equal(lines.at(-1), `Gate,${time},fail,,'=timeout`);
      const ndjson = await asking.text({ kind: "export", format: "ndjson", ...whole, stream: "Gate" });
      const objects = ndjson
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(objects.length, 8);
      assert.deepEqual(objects.at(-1), {
        ...{ stream: "Gate", ts: time, at: now - HOUR / 4, status: "fail", state: "down" },
        ...{ reason: "timeout", latency_ms: null, message: "=timeout" },
      });
      const refusal = await refusalOf(asking.text({ kind: "export", format: "csv", ...whole, stream: "no" }));
      assert.equal(refusal.statusCode, 404);
    });

    it("gives a whole copy of the database while it is written to", async (context) => {
      const asking = await startedStore(context, kind);
      await record(asking, Date.now());
      const pieces: Uint8Array[] = [];
      for await (const piece of asking.store.read({ kind: "backup" })) {
        pieces.push(piece);
        asking.store.recordChecks([check("Gate", { at: Date.now() })]);
      }
      const copy = path.join(asking.folder, "copy.db");
      writeFileSync(copy, Buffer.concat(pieces));
      const db = new BetterSqlite(copy, { readonly: true });
      assert.equal(db.pragma("integrity_check", { simple: true }), "ok");
      assert.ok((db.prepare("SELECT count(*) FROM all_checks").pluck().get() as number) >= 8);
      db.close();
      await until(() => !readdirSync(asking.folder).some((name) => name.includes(".backup-")));
    });

    it("lets go of a long answer that is left early", async (context) => {
      const asking = await startedStore(context, kind);
      await record(asking, Date.now());
      const whole = { from: 0, to: Date.now(), stream: null, timezone: "UTC" };
      for (let left = 0; left < 8; left++) {
        for await (const piece of asking.store.read({ kind: "export", format: "csv", ...whole })) {
          assert.ok(piece.length > 0);
          break;
        }
      }
      // more than may be open at once: each was let go of
      assert.match(await asking.text({ kind: "export", format: "csv", ...whole }), /^stream,/);
    });
  });
}
