import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import { SmallDisk } from "../support/small-disk";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { startedStore } from "./history-suite";
import { check, rows, settings, stream } from "./support";

const DISK_BYTES = 4 << 20;

/** Runs something on a disk of its own. @returns false where this user may not mount one */
async function onSmallDisk(context: TestContext, work: (folder: string) => Promise<void>): Promise<boolean> {
  const disk = SmallDisk.tryMount(context, DISK_BYTES / 1024);
  if (!disk) return false;
  await work(disk.folder);
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
      await until(() => store.live.find("a")?.id === 1);
      const ballast = path.join(folder, "ballast");
      fill(ballast);
      let at = Date.now() - 3_600_000;
      let sent = 0;
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

describe("a database that may not be written to", () => {
  /** A folder as on a card whose lock is set: as root a disk that is mounted so, else one without the right. */
  async function readOnly(context: TestContext, folder: string, isSet: boolean): Promise<void> {
    if (process.getuid?.() !== 0) {
      chmodSync(path.join(folder, "streams.db"), isSet ? 0o444 : 0o644);
      chmodSync(folder, isSet ? 0o555 : 0o755);
      return;
    }
    const remount = ["-o", `remount,${isSet ? "ro" : "rw"}`, folder];
    // the reader's connection closes a moment after the store has stopped
    await until(() => spawnSync("mount", remount).status === 0);
    context.diagnostic(`mounted ${isSet ? "read-only" : "to be written"}`);
  }

  it("is left as it is, and taken as soon as it may be written to", async (context) => {
    const work = async (folder: string) => {
      const first = await startedStore(context, "file", folder);
      first.store.setStreams({ payload: [stream("a")], settings: settings() });
      first.store.recordChecks([check("a", { at: Date.now(), message: "before" })]);
      await until(() => first.store.health().details.checksStored === 1);
      await first.store.stop();
      await readOnly(context, folder, true);
      const { store, ask, file, logger } = await startedStore(context, "file", folder);
      assert.match(
        store.health().problems[0] ?? "",
        /^The database .+ cannot be opened for writing \((SQLITE|E)\w+\): /,
      );
      store.setStreams({ payload: [stream("a")], settings: settings() });
      store.recordChecks([check("a", { at: Date.now(), message: "meanwhile" })]);
      assert.match(String(store.live.statusBody().bytes), /"message":"meanwhile"/);
      const { code } = await ask<{ code?: number }>("history", {}, "a");
      assert.ok(code === 503 || code === undefined, String(code));
      await readOnly(context, folder, false);
      await until(() => store.health().running && store.health().details.checksStored === 1);
      const messages = rows(file, "SELECT text FROM all_checks JOIN messages ON id = message ORDER BY at");
      assert.deepEqual(messages, [{ text: "before" }, { text: "meanwhile" }]);
      assert.equal(logger.lines.filter(({ level }) => level === "error").length, 1, "said once");
      await store.stop();
    };
    if (process.getuid?.() !== 0) return work(temporaryFolder(context));
    if (!(await onSmallDisk(context, work))) context.skip("root may not mount a disk here");
  });
});

describe("a database that another program has locked", () => {
  it("is waited for from the start on", async (context) => {
    const folder = temporaryFolder(context);
    const first = await startedStore(context, "file", folder);
    await first.store.stop();
    const other = new BetterSqlite(first.file);
    other.pragma("locking_mode = EXCLUSIVE");
    other.exec("BEGIN EXCLUSIVE");
    const { store, file } = await startedStore(context, "file", folder);
    assert.match(store.health().problems[0] ?? "", /is locked by another program: close it\./);
    store.setStreams({ payload: [stream("a")], settings: settings() });
    store.recordChecks([check("a")]);
    other.close();
    await until(() => store.health().running && store.health().details.checksStored === 1);
    assert.deepEqual(store.health().problems, []);
    assert.equal(rows(file, "SELECT * FROM all_checks").length, 1);
  });
});
