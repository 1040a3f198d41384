// Compiles TypeScript into dist/ and puts beside it what Node-RED wants there: the editor's .html, locales and icons.
// Does nothing when nothing has changed. Any fault ends it with exit code 1.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const dist = path.join(root, "dist");
const stamp = path.join(dist, ".built");
const SOURCES = ["contracts", "common", "nodes", "runtime", "demo", "test", "bench"];
/** Files of these kinds are copied as they are. Test fixtures stay where they are. */
const ASSET = /\.(html|css|svg|png|json|py)$/;

// The packed package brings better-sqlite3 along with its binaries, and without what npm would compile it from: whatever
// has a binding.gyp npm compiles again when it installs from a lock, and fails where Python is missing.
for (const source of ["binding.gyp", "deps", "src"]) {
  rmSync(path.join(root, "node_modules", "better-sqlite3", source), { recursive: true, force: true });
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith(path.join("test", "fixtures")))
    .sort();
}

const sources = SOURCES.flatMap((folder) => filesBelow(path.join(root, folder)));
const settings = ["tsconfig.json", "package.json", path.join("scripts", "build.mjs")];
const fingerprint = createHash("sha256");
for (const file of [...settings, ...sources]) {
  const { mtimeMs, size } = statSync(path.join(root, file));
  fingerprint.update(`${file}\0${mtimeMs}\0${size}\n`);
}
const wanted = fingerprint.digest("hex");
if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) process.exit(0);

console.log("streampulse: building");
rmSync(stamp, { force: true });
const isTypeScript = (file) => file.endsWith(".ts") && !file.endsWith(".d.ts");

// What a deleted source left behind would still be found by the test runner and by Node-RED.
const expected = new Set(sources.map((file) => (isTypeScript(file) ? file.replace(/\.ts$/, ".js") : file)));
for (const file of SOURCES.flatMap((folder) => filesBelow(path.join(dist, folder)))) {
  if (!expected.has(path.relative("dist", file))) rmSync(path.join(root, file));
}

const tsc = spawnSync(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc"), "-p", root], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(1);

for (const file of sources.filter((file) => ASSET.test(file))) {
  const target = path.join(dist, file);
  mkdirSync(path.dirname(target), { recursive: true });
  cpSync(path.join(root, file), target);
}
writeFileSync(stamp, wanted);
