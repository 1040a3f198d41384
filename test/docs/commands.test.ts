import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readlinkSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { unusedPort } from "../../demo/cameras";
import { cleanEnvironment, post } from "../runtime/support";
import { Engine, needsCompose } from "../container/engine";
import { needs } from "../support/needs";
import { projectRoot } from "../support/fixtures";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { COMMANDS, commandsOfDocuments } from "./commands";
import { exists, readText } from "./documents";

const commands = commandsOfDocuments();
/** Those that this file runs. */
const hereOnes = Object.keys(COMMANDS).filter((text) => COMMANDS[text]?.kind === "here");
const ran = new Set<string>();
const take = (text: string) => {
  assert.ok(hereOnes.includes(text), `${text} is not run here`);
  ran.add(text);
  return text;
};
const shell = (text: string, cwd: string) => execFileSync("sh", ["-ec", text], { cwd, encoding: "utf8" });

describe("the commands of the documents", () => {
  it("are all known here, and nothing else is", () => {
    const shown = new Set(commands.map(({ text }) => text));
    assert.deepEqual(
      commands
        .filter(({ text }) => !Object.hasOwn(COMMANDS, text))
        .map(({ place, text }) => `${place}: ${text}`),
      [],
    );
    assert.deepEqual(
      Object.keys(COMMANDS).filter((text) => !shown.has(text)),
      [],
    );
  });

  it("that other tests run are run there", () => {
    for (const [text, proof] of Object.entries(COMMANDS)) {
      if (proof.kind !== "by") continue;
      const source = readText(proof.file);
      for (const word of proof.words)
        assert.ok(source.includes(word), `${text}: ${proof.file} has no ${word}`);
    }
  });

  it("of npm are scripts of the package, which lead to a task", () => {
    const { scripts } = JSON.parse(readText("package.json")) as { scripts: Record<string, string> };
    const tasks = /^const tasks = \{\n([^]*?)\n\};/m.exec(readText("scripts/run.mjs"))?.[1] ?? "";
    const npm = Object.keys(COMMANDS).flatMap(
      (text) => /\bnpm (?:run )?(start|test|[a-z]+)\b/.exec(text)?.[1] ?? [],
    );
    for (const name of npm.filter((name) => name !== "install" && name !== "pack")) {
      assert.equal(scripts[name], `node scripts/run.mjs ${name}`);
      assert.match(tasks, new RegExp(`^  ${name}: \\[`, "m"));
    }
    for (const name of Object.keys(scripts))
      assert.ok(npm.includes(name) || name === "lint", `${name} is documented`);
  });

  it("npm run demo starts what it says, and leaves nothing behind", async (t) => {
    const ports = { api: await unusedPort(), gui: await unusedPort(), editor: await unusedPort() };
    const env = cleanEnvironment({
      STREAMPULSE_API_PORT: String(ports.api),
      STREAMPULSE_GUI_PORT: String(ports.gui),
      STREAMPULSE_EDITOR_PORT: String(ports.editor),
    });
    const [command = "", ...args] = take("npm run demo").split(" ");
    // a group of its own, because Ctrl-C reaches all that a terminal has started
    const demo = spawn(command, args, {
      cwd: projectRoot,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(demo, "close");
    const isRunning = () => demo.exitCode === null && demo.signalCode === null;
    t.after(() => isRunning() && process.kill(-(demo.pid as number), "SIGKILL"));
    let output = "";
    demo.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    await until(() => /Ctrl-C ends it/.test(output), 100_000);
    const status = (await (await fetch(`http://127.0.0.1:${ports.api}/api/status`)).json()) as object;
    assert.equal(Object.keys(status).length, 6, "as the README says");
    const folder = path.dirname(/Configuration (\S+)/.exec(output)?.[1] ?? "");
    const password = /password (\S+)/.exec(output)?.[1] ?? "";
    assert.equal((await post(`http://127.0.0.1:${ports.gui}/login`, { password })).status, 303);
    assert.ok(existsSync(folder));
    process.kill(-(demo.pid as number), "SIGINT");
    await ended;
    assert.equal(existsSync(folder), false);
  });

  it("of the compose files are understood", needsCompose(), async () => {
    for (const text of hereOnes.filter((text) => text.startsWith("docker compose -f"))) {
      const [, file = ""] = /-f (\S+) up -d --build$/.exec(take(text)) ?? [];
      await new Engine().docker(["compose", "-f", file, "config", "--quiet"], {
        cwd: projectRoot,
        env: { MQTT_PASSWORD: "x", GRAFANA_PASSWORD: "x" },
      });
    }
  });

  it("of systemd install the unit, and ask for its log", needs("systemd-analyze"), (t) => {
    const root = temporaryFolder(t);
    const units = path.join(root, "etc", "systemd", "system");
    mkdirSync(units, { recursive: true });
    const [, unit = "", target = ""] =
      /^cp (\S+) (\S+)$/.exec(take("cp examples/systemd/streampulse.service /etc/systemd/system/")) ?? [];
    cpSync(path.join(projectRoot, unit), path.join(root, target, path.basename(unit)));
    // no systemd runs here that could start it now
    const enable = take("systemctl enable --now streampulse").replace(" --now", "").split(" ").slice(1);
    const { status, stderr } = spawnSync("systemctl", [`--root=${root}`, ...enable], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const link = path.join(units, "multi-user.target.wants", "streampulse.service");
    assert.equal(path.basename(readlinkSync(link)), "streampulse.service");
    for (const text of ["journalctl -u streampulse", "journalctl -u streampulse -n 100"]) {
      const [, ...args] = take(text).split(" ");
      const log = spawnSync("journalctl", [`--directory=${root}`, "--no-pager", ...args], {
        encoding: "utf8",
      });
      assert.match(log.stdout + log.stderr, /No (entries|journal files)/);
    }
  });

  it("of files copy and pack what there is", (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(path.join(folder, "StreamPulse-v2.2"));
    shell(take("tar -czf streampulse-backup.tar.gz StreamPulse-v2.2"), folder);
    assert.match(shell("tar -tzf streampulse-backup.tar.gz", folder), /^StreamPulse-v2\.2\/$/m);
    const clone = take("git clone REPOSITORY /opt/streampulse");
    shell("git init --quiet origin", folder);
    shell(clone.replace("REPOSITORY", "--quiet origin").replace("/opt/streampulse", "copy"), folder);
    assert.ok(existsSync(path.join(folder, "copy", ".git")));
    assert.ok(exists("examples/systemd/streampulse.service"));
  });

  it("that were to be run here were", needsCompose(), () => {
    if (process.env.CI === "true")
      assert.deepEqual(
        hereOnes.filter((text) => !ran.has(text)),
        [],
      );
  });
});
