import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { it } from "node:test";
import { RtspCamera, unusedPort } from "../../demo/cameras";
import { cleanEnvironment } from "../runtime/support";
import { projectRoot } from "../support/fixtures";
import { ReadyProcess } from "../support/ready-process";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

/** npm as the file that started this run, or the one on the PATH. */
function npm(folder: string, ...args: string[]): string {
  const script = process.env.npm_execpath;
  const command = script && /npm.*\.c?js$/.test(script) ? [process.execPath, script] : ["npm"];
  const result = spawnSync(command[0] as string, [...command.slice(1), ...args, "--loglevel=error"], {
    cwd: folder,
    encoding: "utf8",
    shell: command.length === 1 && process.platform === "win32",
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(result.status, 0, `npm ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

it("the packed package in somebody's own Node-RED: its nodes load, the flow is imported, checks arrive", async (context) => {
  const folder = temporaryFolder();
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  context.after(() => camera.stop());
  await camera.start();

  const [packed] = JSON.parse(
    npm(projectRoot, "pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`),
  ) as {
    filename: string;
    files: { path: string }[];
  }[];
  const files = packed?.files.map((file) => file.path) ?? [];
  assert.ok(files.includes("dist/nodes/stream-probe/stream-probe.html"));
  assert.ok(files.includes("dist/nodes/stream-probe/locales/en-US/stream-probe.json"));
  assert.ok(files.includes("flows/streampulse.json"));
  assert.deepEqual(
    files.filter((file) => /^(dist\/(test|demo|bench)|test|demo|bench)\//.test(file)),
    [],
  );

  const userDir = path.join(folder, "userDir");
  mkdirSync(path.join(userDir, "streampulse"), { recursive: true });
  writeFileSync(path.join(userDir, "package.json"), '{"name":"node-red-project","private":true}');
  const config = { heartbeat_seconds: 2, streams: [{ name: "Gate", url: camera.url("/live") }] };
  writeFileSync(path.join(userDir, "streampulse", "config.yaml"), JSON.stringify(config));
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) as string;
  const install = [
    "install",
    "--ignore-scripts",
    "--omit=optional",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
  ];
  npm(userDir, ...install, path.join(folder, tarball));

  const port = await unusedPort();
  const nodeRed = new ReadyProcess({
    file: process.execPath,
    args: [
      path.join(projectRoot, "node_modules/node-red/red.js"),
      ...["--userDir", userDir, "--port", String(port)],
    ],
    env: cleanEnvironment({}),
    ready: /Started flows/,
    timeoutMs: 60_000,
  });
  context.after(() => nodeRed.stop());
  await nodeRed.start();
  const base = `http://127.0.0.1:${port}/`;

  const nodes = (await (await fetch(`${base}nodes`, { headers: { Accept: "application/json" } })).json()) as {
    module: string;
    types: string[];
    err?: unknown;
  }[];
  const ours = nodes.filter(({ module }) => module === "@streampulse/node-red-dashboard-2-streampulse");
  assert.deepEqual(
    ours.map(({ types, err }) => [types[0], err]).sort(),
    ["status-database", "status-query", "status-store", "stream-config", "stream-probe"].map((type) => [
      type,
      undefined,
    ]),
  );

  const flow: unknown = JSON.parse(
    readFileSync(
      path.join(userDir, "node_modules/@streampulse/node-red-dashboard-2-streampulse/flows/streampulse.json"),
      "utf8",
    ),
  );
  const imported = await fetch(`${base}flows`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(flow),
  });
  assert.equal(imported.status, 204);
  await until(async () => {
    const answer = await fetch(`${base}api/status`);
    return answer.ok && /"message":"RTSP 200"/.test(await answer.text());
  }, 60_000);
  const write = await fetch(`${base}api/streams`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name: "New", url: camera.url("/live") }),
  });
  assert.equal(write.status, 403, "nothing asks for a password here");
  assert.match(await write.text(), /"not_guarded"/);
  assert.equal((await fetch(`${base}api/settings`)).status, 403);
  assert.equal((await fetch(`${base}api/streams/Gate/check`, { method: "POST" })).status, 403);
  assert.ok(!nodeRed.output.includes("listens on"), "no port of its own in somebody's Node-RED");
});
