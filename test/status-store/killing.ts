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

const SAID_EVERY_MS = 50;

/** What a recording process says every 50 ms. */
interface Progress {
  sent: number;
  stored: number;
  at: number;
}

/** Twenty-five starts of the program take their time on a machine that does much else. */
const TIMEOUT_MS = 220_000;

/** Kills a recording process once it has recorded for a while. @returns what it said */
export async function recordAndKill(file: string, recordMs: number): Promise<Progress[]> {
  const child = spawn(process.execPath, [path.join(__dirname, "recording-child.js"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const said: Progress[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(JSON.parse(line) as Progress);
    if (said.at(-1)!.at - said[0]!.at - longestHoldMs(said) >= recordMs) break;
  }
  child.kill("SIGKILL");
  await ended;
  return said;
}

const count = (file: string, sql: string) => (rows(file, sql)[0] as { count: number }).count;

function assertWhole(file: string, kill: string): void {
  assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }], kill);
  for (const table of ["spans", "incidents"]) {
    const twice = `SELECT stream FROM ${table} WHERE "end" IS NULL GROUP BY stream HAVING count(*) > 1`;
    assert.deepEqual(rows(file, twice), [], kill);
  }
  const upInTrouble = `SELECT count(*) AS count FROM incidents JOIN spans USING (stream)
    WHERE incidents."end" IS NULL AND spans."end" IS NULL AND spans.state = 0`;
  assert.equal(count(file, upInTrouble), 0, kill);
  // spans follow one another without gap or overlap, also over the time in which nobody watched
  const torn = `SELECT count(*) AS count FROM (SELECT "end", lead(start) OVER (PARTITION BY stream ORDER BY start) AS next FROM spans) WHERE next IS NOT "end"`;
  assert.equal(count(file, torn), 0, kill);
  // transitions are numbered without gaps from run to run
  assert.equal(count(file, "SELECT coalesce(max(seq), 0) - count(*) AS count FROM transitions"), 0, kill);
}

/** Checks in the tables and in what the writer adds up when it opens the file. */
function summedChecks(file: string): number {
  const db = new BetterSqlite(file);
  const open = new OpenRollups(db).snapshot(0);
  db.close();
  let summed = count(file, "SELECT coalesce(sum(up + degraded + down), 0) AS count FROM rollups");
  for (let offset = 0; offset < open.length; offset += SNAPSHOT_STRIDE) {
    for (let state = 0; state < 3; state++) summed += open[offset + 2 + FIELDS.checks + state]!;
  }
  return summed;
}

/** Files that are recorded into at once, each killed so often, so that the processes keep the machine loaded. */
export function describeKills(name: string, kills: readonly number[]): void {
  describe(name, { concurrency: true }, () => {
    for (const [lane, count] of kills.entries()) {
      const title = `leaves a whole file that misses at most the last second: ${count} kills`;
      it(title, { timeout: TIMEOUT_MS }, (context) =>
        killAgainAndAgain(path.join(temporaryFolder(context), "streams.db"), count, lane),
      );
    }
  });
}

/** How much longer than it should a loaded machine let the process wait for its turn: its thread waits as long. */
function longestHoldMs(said: readonly Progress[]): number {
  const gaps = said.slice(1).map(({ at }, index) => at - said[index]!.at - SAID_EVERY_MS);
  return Math.max(0, ...gaps);
}

async function killAgainAndAgain(file: string, kills: number, lane: number): Promise<void> {
  let before = 0;
  for (let kill = 0; kill < kills; kill++) {
    const where = `kill ${kill}`;
    // every other one early, while the first commits are made
    const recordMs = kill % 2 === 0 ? 1050 + kill * 29 + lane * 7 : kill * 20 + lane * 13;
    const said = await recordAndKill(file, recordMs);
    const last = said.at(-1)!;
    const secondAgo = said.findLast(({ at }) => at <= last.at - 1000 - longestHoldMs(said)) ?? { sent: 0 };
    assert.ok(kill % 2 === 1 || secondAgo.sent > 0, where);
    assertWhole(file, where);
    const now = count(file, "SELECT count(*) AS count FROM all_checks");
    const stored = now - before;
    assert.ok(stored >= secondAgo.sent, `${where}: ${stored} stored, ${secondAgo.sent} a second before`);
    assert.ok(stored >= last.stored, `${where}: ${stored} stored, ${last.stored} were said to be`);
    before = now;
  }
  assert.ok(count(file, "SELECT count(*) AS count FROM spans WHERE state = 5") > 0);
  assert.equal(count(file, "SELECT count(*) AS count FROM streams"), 50);
  assert.equal(summedChecks(file), before);
}
