// Runs the compiled tests: all of them, or those whose path contains one of the words given.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const words = process.argv.slice(2);
const files = readdirSync(path.join(root, "dist", "test"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
  .map((entry) => path.join(entry.parentPath, entry.name))
  .filter((file) => words.length === 0 || words.some((word) => path.relative(root, file).includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`streampulse: no test file matches ${words.join(", ") || "dist/test"}`);
  process.exit(1);
}
const result = spawnSync(
  process.execPath,
  ["--test", "--test-reporter=spec", "--test-concurrency=2", "--test-timeout=180000", ...files],
  { cwd: root, stdio: "inherit" },
);
process.exit(result.status ?? 1);
