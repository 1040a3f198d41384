// Compiles TypeScript into dist/ and puts beside it what Node-RED wants there: the editor's .html, locales and icons;
// builds what browsers run, the dashboard's pages and what the editor's forms share, into resources/. Does nothing when
// nothing has changed. Any fault ends it with exit code 1.
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
const SOURCES = ["contracts", "common", "nodes", "dashboard", "editor", "runtime", "demo", "test", "bench"];
/** Files of these kinds are copied as they are. Test fixtures stay where they are. */
const ASSET = /\.(html|css|svg|png|json|py)$/;
/** What only browsers see. Tests compile a few of the plain .ts files too, by importing them. */
const BROWSER =
  /^dashboard\/(shared|locales)\/|^dashboard\/[^/]+\/vue\/|^dashboard\/tsconfig\.json$|^editor\//;
const widgets = Object.keys(
  JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))["node-red-dashboard-2"].widgets,
);

const posix = (file) => file.split(path.sep).join("/");

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

function fingerprintOf(files) {
  const fingerprint = createHash("sha256");
  for (const file of files) {
    const { mtimeMs, size } = statSync(path.join(root, file));
    fingerprint.update(`${file}\0${mtimeMs}\0${size}\n`);
  }
  return fingerprint.digest("hex");
}

/** Runs a step when what it reads has changed since it last succeeded. */
async function whenChanged(name, files, step) {
  const stamp = path.join(dist, `.built-${name}`);
  const wanted = fingerprintOf(files);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  console.log(`streampulse: building ${name}`);
  rmSync(stamp, { force: true });
  await step();
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, wanted);
}

function runTool(file, ...args) {
  const { status } = spawnSync(process.execPath, [path.join(root, "node_modules", file), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(1);
}

const sources = SOURCES.flatMap((folder) => filesBelow(path.join(root, folder)));
const settings = ["tsconfig.json", "package.json", path.join("scripts", "build.mjs")];
const isTypeScript = (file) => file.endsWith(".ts") && !file.endsWith(".d.ts");
const isBrowser = (file) => BROWSER.test(posix(file));

const compiled = sources.filter((file) => isTypeScript(file) || !isBrowser(file));
await whenChanged("nodes", [...settings, ...compiled], () => {
  // What a deleted source left behind would still be found by the test runner and by Node-RED.
  const expected = new Set(
    compiled.map((file) => (isTypeScript(file) ? file.replace(/\.ts$/, ".js") : file)),
  );
  for (const file of SOURCES.flatMap((folder) => filesBelow(path.join(dist, folder)))) {
    if (!expected.has(path.relative("dist", file))) rmSync(path.join(root, file));
  }
  runTool("typescript/bin/tsc", "-p", root);
  for (const file of sources.filter((file) => ASSET.test(file) && !isBrowser(file))) {
    const target = path.join(dist, file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(root, file), target);
  }
});

const pages = sources.filter((file) => isBrowser(file) || /^(contracts|common|dashboard)\b/.test(file));
const builder = path.join("scripts", "build-dashboard.mjs");
await whenChanged("dashboard", [...settings, builder, ...pages], async () => {
  for (const folder of ["dashboard", "editor"]) {
    runTool("vue-tsc/bin/vue-tsc.js", "--noEmit", "-p", path.join(root, folder));
  }
  const { buildDashboard, buildEditor } = await import("./build-dashboard.mjs");
  await buildDashboard(root, widgets);
  await buildEditor(root);
});
