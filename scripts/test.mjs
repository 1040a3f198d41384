// Runs the compiled tests: all of them, or those whose path contains one of the words given. Each file is a process
// of its own, which is ended with everything that it started when it takes too long: node's own runner waits forever
// for a file in which a test failed and something was left open.
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { COUNTS } from "./test-reporter.mjs";

const MOST_AT_ONCE = 2;
const TEST_TIMEOUT_MS = 120_000;
const FILE_TIMEOUT_MS = 240_000;
/** For files that build an image from nothing, install the package and start Node-RED in many ways, or use a browser. */
const LONGER_MS = {
  "test/container/": 1_500_000,
  "test/product/drop-in": 480_000,
  "test/dashboard/": 480_000,
  "test/editor/": 480_000,
};
const SHOWN_SLOWEST = 5;
const REPORTER = new URL("./test-reporter.mjs", import.meta.url).href;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
const files = readdirSync(path.join(root, "dist", "test"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
  .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`streampulse: no test file matches ${words.join(", ") || "dist/test"}`);
  process.exit(1);
}

const running = new Set();

/** Ends a test file's process and what it started, whatever they are waiting for. */
function killTree(child) {
  try {
    if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
    else process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
  // a process that left the group may hold the other end for ever
  child.stdout.destroy();
  child.stderr.destroy();
}

/** @returns how it went, once the file and everything that holds its output have ended */
function runFile(file) {
  const [, longerMs] =
    Object.entries(LONGER_MS).find(([part]) => file.includes(part.replaceAll("/", path.sep))) ?? [];
  const [testMs, fileMs] = longerMs ? [longerMs, longerMs] : [TEST_TIMEOUT_MS, FILE_TIMEOUT_MS];
  const args = [`--test-reporter=${REPORTER}`, `--test-timeout=${testMs}`, file];
  const stdio = ["ignore", "pipe", "pipe"];
  // a process group of its own, by which the file's own children can be ended too
  const child = spawn(process.execPath, args, { cwd: root, stdio, detached: process.platform !== "win32" });
  running.add(child);
  const begun = performance.now();
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  }
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    killTree(child);
  }, fileMs);
  return new Promise((resolve) => {
    child.once("close", (code) => {
      clearTimeout(timer);
      running.delete(child);
      const [, passed = 0, skipped = 0] = COUNTS.exec(output) ?? [];
      const counts = { passed: Number(passed), skipped: Number(skipped) };
      resolve({
        file,
        passed: code === 0 && !overdue,
        overdue: overdue && seconds(fileMs),
        output,
        counts,
        ms: performance.now() - begun,
      });
    });
  });
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function report({ file, passed, overdue, output, counts, ms }) {
  const text = output.replace(COUNTS, "").trimEnd();
  console.log(`${passed ? "✔" : "✖"} ${file} (${counts.passed} passed, ${seconds(ms)})`);
  if (text) console.log(text);
  if (overdue) {
    console.log(
      `✖ ${file} had not ended after ${overdue} and was killed: a test hangs, or a timer, socket, worker or process was left open.`,
    );
  }
}

function stop() {
  for (const child of running) killTree(child);
  process.exit(130);
}
process.on("SIGINT", stop);
process.on("SIGTERM", stop);

const queue = [...files];
const results = [];
async function work() {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const result = await runFile(file);
    results.push(result);
    report(result);
  }
}
const begun = performance.now();
await Promise.all(Array.from({ length: MOST_AT_ONCE }, work));

const sum = (what) => results.reduce((total, { counts }) => total + counts[what], 0);
const failed = results.filter(({ passed }) => !passed);
const slowest = results.sort((one, other) => other.ms - one.ms).slice(0, SHOWN_SLOWEST);
console.log(`\nSlowest: ${slowest.map(({ file, ms }) => `${file} ${seconds(ms)}`).join(", ")}`);
console.log(
  `${files.length} files: ${sum("passed")} tests passed, ${sum("skipped")} were skipped, in ${seconds(performance.now() - begun)}`,
);
for (const { file } of failed) console.log(`✖ ${file}`);
process.exit(failed.length === 0 ? 0 : 1);
