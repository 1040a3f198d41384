import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import { OpenRollups, SNAPSHOT_STRIDE } from "../../nodes/status-store/open-rollups";
import { FIELDS } from "../../nodes/status-store/rollup";
import { temporaryFolder } from "../support/temporary-folder";
import { rows } from "./support";

const KILLS = 50;
/** A loaded machine makes fewer of them. */
const MOST_MS = 120_000;
const LEAST_KILLS = 20;

/** @returns how many checks it said were stored */
async function recordAndKill(file: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [path.join(__dirname, "recording-child.js"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stored = 0;
  let left = lines;
  for await (const line of createInterface({ input: child.stdout })) {
    stored = (JSON.parse(line) as { stored: number }).stored;
    if (stored > 0 && left-- <= 0) break;
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  return stored;
}

describe("kill -9, fifty times", () => {
  it("leaves a whole file, no incident open twice, and sums that agree with the checks", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const count = (sql: string) => (rows(file, sql)[0] as { count: number }).count;
    let before = 0;
    const begun = performance.now();
    let kill = 0;
    for (; kill < KILLS && performance.now() - begun < MOST_MS; kill++) {
      const stored = await recordAndKill(file, kill % 5);
      const now = count("SELECT count(*) AS count FROM all_checks");
      assert.ok(now - before >= stored, `kill ${kill}: ${now - before} stored, ${stored} were said to be`);
      before = now;
      for (const table of ["spans", "incidents"]) {
        const twice = `SELECT stream FROM ${table} WHERE "end" IS NULL GROUP BY stream HAVING count(*) > 1`;
        assert.deepEqual(rows(file, twice), []);
      }
      // spans follow one another without gap or overlap, also over the time in which nobody watched
      const torn = `SELECT count(*) AS count FROM (SELECT "end", lead(start) OVER (PARTITION BY stream ORDER BY start) AS next FROM spans) WHERE next IS NOT "end"`;
      assert.equal(count(torn), 0, `kill ${kill}`);
    }
    context.diagnostic(`${kill} kills`);
    assert.ok(kill >= LEAST_KILLS);
    assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
    assert.ok(count("SELECT count(*) AS count FROM spans WHERE state = 5") > 0);

    const db = new BetterSqlite(file);
    const open = new OpenRollups(db).snapshot(0);
    let summed = count("SELECT coalesce(sum(up + degraded + down), 0) AS count FROM rollups");
    for (let offset = 0; offset < open.length; offset += SNAPSHOT_STRIDE) {
      for (let state = 0; state < 3; state++) summed += open[offset + 2 + FIELDS.checks + state]!;
    }
    db.close();
    assert.equal(summed, before);
  });
});
