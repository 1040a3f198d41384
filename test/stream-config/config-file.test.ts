import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { ChangedMeanwhile, ConfigFile, revisionOf, SaveFault } from "../../nodes/stream-config/config-file";
import { skipped } from "../support/needs";
import { SmallDisk } from "../support/small-disk";
import { temporaryFolder } from "../support/temporary-folder";

const isRoot = process.getuid?.() === 0;
const POSIX = { skip: process.platform === "win32" };
const NOBODY = 65_534;
const DISK_FULL = {
  message: "config.yaml cannot be saved (ENOSPC): the disk is full; nothing has changed.",
};

function fileWith(test: TestContext, text: string): { file: string; folder: string; config: ConfigFile } {
  const folder = temporaryFolder(test);
  const file = path.join(folder, "config.yaml");
  writeFileSync(file, text);
  return { file, folder, config: new ConfigFile(file) };
}

const save = (config: ConfigFile, text: string) => config.save(text, readFileSync(config.file));

describe("a config.yaml that is saved", () => {
  it("is replaced in one step, and the last five versions are kept", async (t) => {
    const { file, folder, config } = fileWith(t, "0");
    const inode = statSync(file).ino;
    for (const text of ["1", "2", "3", "4", "5", "6", "7"]) {
      const bytes = await save(config, text);
      assert.equal(bytes.toString(), text);
    }
    assert.notEqual(statSync(file).ino, inode);
    assert.equal(readFileSync(file, "utf8"), "7");
    const kept = config.versions().map((version) => readFileSync(version, "utf8"));
    assert.deepEqual(kept, ["6", "5", "4", "3", "2"]);
    assert.deepEqual(readdirSync(folder).sort(), [
      "config.yaml",
      ...[1, 2, 3, 4, 5].map((version) => `config.yaml.${version}`),
    ]);
  });

  it("is never seen half", async (t) => {
    const { file, config } = fileWith(t, "a".repeat(500_000));
    const reader = new Worker(
      `const { readFileSync } = require("node:fs");
       const { parentPort, workerData } = require("node:worker_threads");
       let odd = 0, reads = 0, ended = false;
       parentPort.once("message", () => (ended = true));
       const read = () => {
         const text = readFileSync(workerData, "utf8");
         reads++;
         if (text.length !== 500000 || text[0] !== text.at(-1)) odd++;
         if (ended) return parentPort.postMessage({ odd, reads });
         setImmediate(read);
       };
       parentPort.postMessage("ready");
       read();`,
      { eval: true, workerData: file },
    );
    await once(reader, "message");
    for (let i = 0; i < 30; i++) await save(config, (i % 2 ? "a" : "b").repeat(500_000));
    reader.postMessage("end");
    const [{ odd, reads }] = (await once(reader, "message")) as [{ odd: number; reads: number }];
    assert.equal(odd, 0);
    assert.ok(reads > 10, `${reads} reads`);
    await reader.terminate();
  });

  it("keeps its mode, and its versions have the same", POSIX, async (t) => {
    const { file, config } = fileWith(t, "0");
    chmodSync(file, 0o640);
    await save(config, "1");
    assert.deepEqual(
      [file, `${file}.1`].map((one) => statSync(one).mode & 0o777),
      [0o640, 0o640],
    );
  });

  it("keeps its owner", { skip: isRoot ? false : "needs root" }, async (t) => {
    const { file, config } = fileWith(t, "0");
    chownSync(file, NOBODY, NOBODY);
    await save(config, "1");
    const { uid, gid } = statSync(file);
    assert.deepEqual([uid, gid], [NOBODY, NOBODY]);
  });

  it("keeps its byte order mark", async (t) => {
    const { file, config } = fileWith(t, "\uFEFFold");
    const read = await config.read();
    assert.ok("text" in read);
    assert.equal(read.text, "old");
    await config.save("new", read.bytes);
    assert.equal(readFileSync(file, "utf8"), "\uFEFFnew");
  });

  it("is written where its link leads to", POSIX, async (t) => {
    const { folder, file } = fileWith(t, "0");
    mkdirSync(path.join(folder, "app"));
    const link = path.join(folder, "app", "config.yaml");
    symlinkSync("../config.yaml", link);
    await save(new ConfigFile(link), "1");
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(file, "utf8"), "1");
    assert.equal(readFileSync(`${link}.1`, "utf8"), "0");
    assert.deepEqual(readdirSync(folder).sort(), ["app", "config.yaml"]);
  });

  it("is written in place where it is a mount of its own", async (t) => {
    const { folder, file, config } = fileWith(t, "something longer than what comes");
    const outside = path.join(folder, "outside.yaml");
    writeFileSync(outside, "something longer than what comes");
    const mounted = spawnSync("mount", ["--bind", outside, file]);
    if (mounted.status !== 0) return t.skip(skipped("needs the right to mount").skip);
    try {
      await save(config, "new");
      assert.equal(readFileSync(outside, "utf8"), "new");
      assert.equal(readFileSync(file, "utf8"), "new");
    } finally {
      spawnSync("umount", [file]);
    }
    assert.equal(readFileSync(`${file}.1`, "utf8"), "something longer than what comes");
    assert.deepEqual(readdirSync(folder).sort(), ["config.yaml", "config.yaml.1", "outside.yaml"]);
  });

  /** Root may write anything, so that it becomes somebody else for a moment. */
  async function asNobody<T>(work: () => Promise<T>): Promise<T> {
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      return await work();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  }

  it("is written in place, without versions, where its folder may not be written", POSIX, async (t) => {
    const { folder, file, config } = fileWith(t, "0");
    chmodSync(file, 0o666);
    chmodSync(folder, 0o555);
    await asNobody(() => save(config, "1"));
    assert.equal(await asNobody(() => config.writeProblem()), undefined);
    chmodSync(folder, 0o755);
    assert.equal(readFileSync(file, "utf8"), "1");
    assert.deepEqual(readdirSync(folder), ["config.yaml"]);
  });

  it("says so where it may not be written at all", POSIX, async (t) => {
    const { folder, file, config } = fileWith(t, "0");
    chmodSync(file, 0o444);
    chmodSync(folder, 0o555);
    await assert.rejects(
      asNobody(() => save(config, "1")),
      (error) =>
        error instanceof SaveFault &&
        error.isForbidden &&
        error.message === "config.yaml cannot be saved (EACCES): let the user that runs Node-RED write it.",
    );
    assert.match(
      (await asNobody(() => config.writeProblem())) ?? "",
      /^config.yaml cannot be written \(EACCES\): let the user/,
    );
    chmodSync(folder, 0o755);
    assert.equal(readFileSync(file, "utf8"), "0");
  });

  it("is not written when the disk is full, and stays as it is", async (t) => {
    const disk = SmallDisk.mount(t);
    if (!disk) return;
    const file = path.join(disk.folder, "config.yaml");
    writeFileSync(file, "a".repeat(20_000));
    await assert.rejects(save(new ConfigFile(file), "b".repeat(100_000)), DISK_FULL);
    assert.equal(readFileSync(file, "utf8"), "a".repeat(20_000));
    assert.deepEqual(readdirSync(disk.folder), ["config.yaml"]);
  });

  it("has its old bytes again when the disk becomes full while it is written in place", async (t) => {
    const disk = SmallDisk.mount(t);
    if (!disk) return;
    const file = path.join(disk.folder, "config.yaml");
    writeFileSync(file, "a".repeat(3000));
    chmodSync(file, 0o666);
    chmodSync(disk.folder, 0o555);
    disk.fill(1);
    // the first 8,192 bytes find room, and what does not is no error of that write
    await assert.rejects(
      asNobody(() => save(new ConfigFile(file), "b".repeat(10_000))),
      DISK_FULL,
    );
    assert.equal(readFileSync(file, "utf8"), "a".repeat(3000));
    await asNobody(() => save(new ConfigFile(file), "b".repeat(8192)));
    assert.equal(readFileSync(file, "utf8"), "b".repeat(8192));
    await asNobody(() => save(new ConfigFile(file), "c"));
    assert.equal(readFileSync(file, "utf8"), "c");
  });

  it("does not lose what somebody else has written", async (t) => {
    const { file, config } = fileWith(t, "0");
    const before = readFileSync(file);
    writeFileSync(file, "theirs");
    await assert.rejects(config.save("ours", before), ChangedMeanwhile);
    assert.equal(readFileSync(file, "utf8"), "theirs");
    assert.notEqual(revisionOf(before), revisionOf(readFileSync(file)));
  });

  it("takes away what a killed process has left, and nothing else", async (t) => {
    const { folder, file, config } = fileWith(t, "0");
    const [old, fresh] = ["aaaaaaaa", "bbbbbbbb"].map(
      (id) => `${file}.${id}-1111-4111-8111-111111111111.new`,
    ) as [string, string];
    for (const name of [old, fresh, `${file}.new`]) writeFileSync(name, "");
    const longAgo = Date.now() / 1000 - 3600;
    for (const name of [old, `${file}.new`]) utimesSync(name, longAgo, longAgo);
    await save(config, "1");
    assert.deepEqual(
      readdirSync(folder)
        .filter((name) => name.endsWith(".new"))
        .sort(),
      [path.basename(fresh), "config.yaml.new"].sort(),
    );
  });
});
