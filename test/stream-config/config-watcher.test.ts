import assert from "node:assert/strict";
import { appendFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../common/clock";
import { ConfigWatcher, fileSignature } from "../../nodes/stream-config/config-watcher";
import { FakeClock } from "../support/fake-clock";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

/** Watches a file as it is now, and counts its changes. */
async function watch(test: TestContext, file: string) {
  const seen = { changes: 0 };
  const watcher = new ConfigWatcher({
    file,
    clock: systemClock,
    onChange: () => seen.changes++,
    pollMs: 20,
  });
  watcher.start(await fileSignature(file));
  test.after(() => watcher.stop());
  return seen;
}

function textFile(folder: string, name: string, text = "streams: []\n"): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("ConfigWatcher", () => {
  it("sees an edit in place, one of the same length and one that sets the time back", async (t) => {
    const file = textFile(temporaryFolder(t), "config.yaml", "heartbeat_seconds: 20\n");
    const seen = await watch(t, file);
    appendFileSync(file, "# more\n");
    await until(() => seen.changes === 1);
    writeFileSync(file, "heartbeat_seconds: 30\n# more\n");
    await until(() => seen.changes === 2);
    utimesSync(file, 1000, 1000);
    await until(() => seen.changes === 3);
  });

  it("sees a file that an editor replaces by rename", async (t) => {
    const folder = temporaryFolder(t);
    const file = textFile(folder, "config.yaml");
    const seen = await watch(t, file);
    renameSync(textFile(folder, "config.yaml~"), file);
    await until(() => seen.changes === 1);
    renameSync(textFile(folder, "config.yaml~"), file);
    await until(() => seen.changes === 2);
  });

  it("sees the target of a link edited, and the link led elsewhere", async (t) => {
    const folder = temporaryFolder(t);
    const first = textFile(folder, "first.yaml");
    const second = textFile(folder, "second.yaml");
    const file = path.join(folder, "config.yaml");
    symlinkSync(first, file);
    const seen = await watch(t, file);
    appendFileSync(first, "# more\n");
    await until(() => seen.changes === 1);
    symlinkSync(second, path.join(folder, "new"));
    renameSync(path.join(folder, "new"), file);
    await until(() => seen.changes === 2);
    appendFileSync(second, "# more\n");
    await until(() => seen.changes === 3);
  });

  it("sees a mounted folder swapped under a link, as Kubernetes does", async (t) => {
    const folder = temporaryFolder(t);
    const versions = ["one", "two"].map((name) => path.dirname(textFile(temporaryFolder(t), name)));
    for (const version of versions) textFile(version, "config.yaml");
    const data = path.join(folder, "..data");
    symlinkSync(versions[0] as string, data);
    const file = path.join(folder, "config.yaml");
    symlinkSync("..data/config.yaml", file);
    const seen = await watch(t, file);
    symlinkSync(versions[1] as string, path.join(folder, "new"));
    renameSync(path.join(folder, "new"), data);
    await until(() => seen.changes === 1);
  });

  it("sees a file deleted, and come back", async (t) => {
    const folder = temporaryFolder(t);
    const file = textFile(folder, "config.yaml");
    const seen = await watch(t, file);
    rmSync(file);
    await until(() => seen.changes === 1);
    textFile(folder, "config.yaml");
    await until(() => seen.changes === 2);
  });

  it("waits until a file that is being written has been still", async (t) => {
    const file = textFile(temporaryFolder(t), "config.yaml");
    const clock = new FakeClock();
    let changes = 0;
    const watcher = new ConfigWatcher({ file, clock, onChange: () => changes++ });
    t.after(() => watcher.stop());
    watcher.start(await fileSignature(file));

    /** Moves the clock on by one look at the file, which is at the disk's own pace. */
    const look = async () => {
      await clock.advance(250);
      await until(() => clock.pending === 1);
    };
    await look();
    for (let part = 0; part < 4; part++) {
      appendFileSync(file, "- name: A\n");
      await look();
      assert.equal(changes, 0);
    }
    await look();
    assert.equal(changes, 1);
    await look();
    assert.equal(changes, 1);
  });

  it("leaves nothing behind", async (t) => {
    const file = textFile(temporaryFolder(t), "config.yaml");
    const clock = new FakeClock();
    const watcher = new ConfigWatcher({ file, clock, onChange: () => {} });
    watcher.start(await fileSignature(file));
    assert.equal(clock.pending, 1);
    watcher.stop();
    assert.equal(clock.pending, 0);
  });
});
