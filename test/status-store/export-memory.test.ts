import assert from "node:assert/strict";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openDatabase } from "../../nodes/status-store/database-file";
import { temporaryFolder } from "../support/temporary-folder";
import { startedStore, type Asking } from "./history-suite";

const ROWS = 100_000;
const STREAMS = 20;
/** Half a kilobyte of CSV a check. */
const MESSAGE = "x".repeat(480);
/** After so many exports nothing grows any more: what they left behind is collected late. */
const WARM_UP = 8;
const MB = 1e6;

/** A store with 400,000 checks, one a second of each stream from 1970 on. */
async function fullStore(context: TestContext): Promise<Asking> {
  const folder = temporaryFolder(context);
  const { db } = openDatabase(path.join(folder, "streams.db"), new Date());
  const stream = db.prepare(
    "INSERT INTO streams (name, url, protocol, created, removed) VALUES (?, '', 0, 0, 0)",
  );
  const check = db.prepare("INSERT INTO checks VALUES (?, ?, 0, 0, 1, 12, 1)");
  db.transaction(() => {
    db.prepare("INSERT INTO messages VALUES (1, ?)").run(MESSAGE);
    for (let id = 1; id <= STREAMS; id++) {
      stream.run(`Camera ${id}`);
      for (let index = 0; index < (4 * ROWS) / STREAMS; index++) check.run(id, index * 1000);
    }
  })();
  db.close();
  return startedStore(context, "file", folder);
}

/** How large this process was at most, with its threads, while it made a CSV of so many rows. */
async function exportRows({ store }: Asking, count: number): Promise<{ peakMb: number; bytes: number }> {
  const range = { from: 0, to: (count / STREAMS) * 1000 };
  let [peak, bytes] = [0, 0];
  for await (const piece of store.read({
    ...{ kind: "export", format: "csv", stream: null, timezone: "UTC", ...range },
  })) {
    bytes += piece.length;
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  return { peakMb: peak / MB, bytes };
}

describe("memory of an export", () => {
  it("is the same for four times as many rows", async (context) => {
    const asking = await fullStore(context);
    let few = await exportRows(asking, ROWS);
    for (let turn = 1; turn < WARM_UP; turn++) {
      const again = await exportRows(asking, ROWS);
      few = { ...few, peakMb: Math.max(few.peakMb, again.peakMb) };
    }
    const many = await exportRows(asking, 4 * ROWS);
    assert.ok(few.bytes > 50 * MB && many.bytes > 3.99 * few.bytes);
    // an answer that is held whole would add 160 MB and more
    const shown = `${few.peakMb} MB for ${few.bytes} bytes, ${many.peakMb} MB for ${many.bytes}`;
    context.diagnostic(shown);
    assert.ok(many.peakMb / few.peakMb < 1.25, shown);
  });
});
