import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { startedStore } from "./history-suite";
import { check, rows, settings, stream } from "./support";

const DISK_BYTES = 4 << 20;

/** Runs something on a disk of its own. @returns false where this user may not mount one */
async function onSmallDisk(context: TestContext, work: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = temporaryFolder(context);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", folder]).status !== 0)
    return false;
  try {
    await work(folder);
  } finally {
    spawnSync("umount", ["-l", folder]);
  }
  return true;
}

function fill(file: string): void {
  for (let size = DISK_BYTES; size > 4096; size /= 2) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      // what fits of it is written
    }
  }
}

describe("a disk that is full", () => {
  it("stops neither the live status nor the history, and writing goes on when there is room", async (context) => {
    const isMounted = await onSmallDisk(context, async (folder) => {
      const { store, ask, file } = await startedStore(context, "file", folder);
      store.setStreams({ payload: [stream("a")], settings: settings() });
      let at = Date.now() - 3_600_000;
      let sent = 1;
      // a stream that the database knows: it has no history before
      store.recordChecks([check("a", { at: at++, message: "first" })]);
      await until(() => store.health().details.checksStored === sent);
      const ballast = path.join(folder, "ballast");
      fill(ballast);
      const send = () => {
        const checks = Array.from({ length: 500 }, () => check("a", { at: at++, message: `m ${at % 977}` }));
        store.recordChecks(checks);
        sent += checks.length;
      };
      await until(() => {
        send();
        return !store.health().running;
      });
      assert.match(
        store.health().problems[0] ?? "",
        /^The disk of the database .+ is full: make room on it\./,
      );
      send();
      assert.match(String(store.live.statusBody().bytes), /"a":\{"latency":12/);
      const page = await ask<{ checks?: unknown[]; code?: number }>("history", { limit: "5" }, "a");
      assert.ok(page.checks || page.code === 503, JSON.stringify(page));
      rmSync(ballast);
      await until(() => store.health().running && store.health().details.queued === 0);
      const { dropped } = store.health().details;
      assert.equal(dropped, 0);
      await until(() => store.health().details.checksStored === sent);
      assert.deepEqual(rows(file, "SELECT count(*) AS count FROM all_checks"), [{ count: sent }]);
      await store.stop();
    });
    if (!isMounted) context.skip("only root may mount a small disk; store-writer.test.ts injects the fault");
  });
});
