import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../../../common/clock";
import { Children, type ChildTask } from "../../../common/ffmpeg/child-process";
import { temporaryFolder } from "../../support/temporary-folder";
import { until } from "../../support/until";

const task = (script: string, more: Partial<ChildTask> = {}): ChildTask => ({
  file: process.execPath,
  args: ["-e", script],
  env: {},
  timeoutMs: 30_000,
  mostBytes: 1000,
  ...more,
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a zombie that nobody has reaped would still be there
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("a child process", () => {
  it("gives what it says and how it ended", async () => {
    const outcome = await new Children(systemClock).run(
      task("process.stdout.write('out'); process.stderr.write('err'); process.exitCode = 3"),
    );
    assert.deepEqual(outcome, {
      end: "exited",
      code: 3,
      signal: null,
      stdout: Buffer.from("out"),
      secondOutput: Buffer.alloc(0),
      stderr: "err",
    });
  });

  it("reads its input, and has a second output", async () => {
    const script = `
      const { readFileSync, writeSync } = require("node:fs");
      const text = readFileSync(0, "utf8");
      writeSync(1, text.toUpperCase());
      writeSync(3, String(text.length));`;
    const outcome = await new Children(systemClock).run(
      task(script, { input: Buffer.from("abc"), hasSecondOutput: true }),
    );
    assert.ok(outcome.end === "exited");
    assert.deepEqual([outcome.stdout.toString(), outcome.secondOutput.toString()], ["ABC", "3"]);
  });

  it("that does not read its input is no trouble", async () => {
    const outcome = await new Children(systemClock).run(task("", { input: Buffer.alloc(1_000_000) }));
    assert.equal(outcome.end === "exited" && outcome.code, 0);
  });

  it("gives what it says as it comes", async () => {
    let heard = "";
    const script = "let n = 0; setInterval(() => process.stdout.write(String(++n % 10)), 20)";
    const stop = new AbortController();
    const outcome = await new Children(systemClock).run(
      task(script, {
        signal: stop.signal,
        onOutput: (chunk) => {
          heard += chunk.toString();
          if (heard.length > 4) stop.abort();
        },
      }),
    );
    assert.deepEqual([outcome, heard.slice(0, 4)], [{ end: "stopped" }, "1234"]);
    const before = await new Children(systemClock).run(task("", { signal: AbortSignal.abort() }));
    assert.deepEqual(before, { end: "stopped" });
  });

  it("is killed by the wall clock, with what it has started", async (t) => {
    const file = path.join(temporaryFolder(t), "pids");
    const script = `
      const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
      require("node:fs").writeFileSync(${JSON.stringify(file)}, process.pid + " " + pid);
      process.on("SIGTERM", () => {});
      setInterval(() => {}, 1000);`;
    const children = new Children(systemClock);
    const outcome = children.run(task(script, { timeoutMs: 3000 }));
    assert.deepEqual(await outcome, { end: "too_late" });
    assert.ok(existsSync(file), "it had 3 s to start");
    const pids = readFileSync(file, "utf8").split(" ").map(Number);
    assert.equal(pids.length, 2);
    await until(() => !pids.some(isAlive));
  });

  it("is ended when it says too much, on either pipe", async () => {
    const children = new Children(systemClock);
    const flood = (pipe: string) =>
      children.run(task(`setInterval(() => process.${pipe}.write("x".repeat(65536)), 0)`));
    assert.deepEqual(await flood("stdout"), { end: "too_much" });
    assert.deepEqual(await flood("stderr"), { end: "too_much" });
    const second = "const { writeSync } = require('node:fs'); for (;;) writeSync(3, 'x'.repeat(999))";
    assert.deepEqual(await children.run(task(second, { hasSecondOutput: true })), { end: "too_much" });
  });

  it("that cannot be started says why", async () => {
    const outcome = await new Children(systemClock).run(task("", { file: "/does/not/exist" }));
    assert.deepEqual(outcome, { end: "not_started", because: "ENOENT" });
  });

  it("sees of the environment only what it is given", async () => {
    process.env.STREAMPULSE_TEST_SECRET = "s3cret";
    const outcome = await new Children(systemClock).run(
      task("process.stdout.write(String(process.env.STREAMPULSE_TEST_SECRET))"),
    );
    delete process.env.STREAMPULSE_TEST_SECRET;
    assert.equal(outcome.end === "exited" && outcome.stdout.toString(), "undefined");
  });

  it("waits while others run, and not longer than its own time", async () => {
    const children = new Children(systemClock, 1);
    const first = children.run(task("setInterval(() => {}, 1000)", { timeoutMs: 2000 }));
    const second = children.run(task("process.stdout.write('2')"));
    const late = children.run(task("", { timeoutMs: 100 }));
    assert.deepEqual(await late, {
      end: "not_started",
      because: "too many pictures are examined at once",
    });
    assert.equal((await first).end, "too_late");
    const outcome = await second;
    assert.equal(outcome.end === "exited" && outcome.stdout.toString(), "2");
  });

  it("ends at once with its owner, and so do those that wait", async () => {
    const children = new Children(systemClock, 1);
    const outcomes = Array.from({ length: 7 }, () => children.run(task("setInterval(() => {}, 1000)")));
    assert.equal(children.hasRoom, false);
    children.stop();
    const ends = (await Promise.all(outcomes)).map(({ end }) => end);
    assert.deepEqual(new Set(ends), new Set(["stopped"]));
    assert.deepEqual(await children.run(task("")), { end: "stopped" });
  });
});
