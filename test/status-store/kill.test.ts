import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { temporaryFolder } from "../support/temporary-folder";
import { rows } from "./support";

interface Progress {
  sent: number;
  stored: number;
  at: number;
}

const KILLS = 6;

/** Kills a recording process once it has recorded for a while. @returns what it said last, and a second before */
async function recordAndKill(
  file: string,
  recordMs: number,
): Promise<{ last: Progress; secondAgo: Progress }> {
  const child = spawn(process.execPath, [path.join(__dirname, "recording-child.js"), file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const said: Progress[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(JSON.parse(line) as Progress);
    if (said.at(-1)!.at - said[0]!.at >= recordMs) break;
  }
  child.kill("SIGKILL");
  await ended;
  const last = said.at(-1)!;
  const secondAgo = said.findLast(({ at }) => at <= last.at - 1000) ?? { sent: 0, stored: 0, at: 0 };
  return { last, secondAgo };
}

describe("kill -9", () => {
  it("leaves a whole file that misses at most the last second", async (context) => {
    const file = path.join(temporaryFolder(context), "streams.db");
    const count = (sql: string) => (rows(file, sql)[0] as { count: number }).count;
    let before = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const { last, secondAgo } = await recordAndKill(file, 1100 + kill * 130);
      assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
      const stored = count("SELECT count(*) AS count FROM recent") - before;
      assert.ok(secondAgo.sent > 0);
      assert.ok(
        stored >= secondAgo.sent,
        `kill ${kill}: ${stored} stored, ${secondAgo.sent} sent a second before`,
      );
      assert.ok(stored >= last.stored, `kill ${kill}: ${stored} stored, ${last.stored} were said to be`);
      before += stored;
      // no stream is in two states or in two incidents at once, and each transition left its mark
      for (const table of ["spans", "incidents"]) {
        const twice = `SELECT stream FROM ${table} WHERE "end" IS NULL GROUP BY stream HAVING count(*) > 1`;
        assert.deepEqual(rows(file, twice), []);
      }
      assert.equal(
        count(`SELECT count(*) AS count FROM incidents JOIN spans USING (stream)
               WHERE incidents."end" IS NULL AND spans."end" IS NULL AND spans.state = 0`),
        0,
      );
    }
    assert.equal(count("SELECT count(*) AS count FROM streams"), 50);
    assert.equal(
      count("SELECT max(seq) - count(*) AS count FROM transitions"),
      0,
      "transitions are numbered without gaps from run to run",
    );
  });
});
