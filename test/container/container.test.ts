import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { unusedPort } from "../../demo/cameras";
import { editorToken, rawGet, signIn } from "../runtime/support";
import { fixture, projectRoot } from "../support/fixtures";
import { Container, patiently, removeFolder } from "./container";
import { Engine, needsEngine } from "./engine";

const PASSWORD = "correct horse battery";
const NAME = `streampulse-test-${process.pid}`;
/** A camera that refuses: its checks need no network. */
const CONFIG = { heartbeat_seconds: 2, streams: [{ name: "Gate", url: "rtsp://127.0.0.1:9/live" }] };

const engine = new Engine();
/** All data folders are below it. */
let folder: string;
const container = new Container(engine, NAME);
const ports = { api: 0, gui: 0, editor: 0 };
const at = (port: keyof typeof ports, place: string) => `http://127.0.0.1:${ports[port]}/${place}`;

/** The compose file of the repository, on other ports, with another name and a short patience. */
async function compose(...args: string[]): Promise<string> {
  const files = ["docker-compose.yml", path.join(folder, "override.json")].flatMap((file) => [
    "--file",
    file,
  ]);
  return engine.docker(["compose", "--project-name", NAME, ...files, ...args], {
    cwd: projectRoot,
    env: {
      STREAMPULSE_HOST_API_PORT: String(ports.api),
      STREAMPULSE_HOST_GUI_PORT: String(ports.gui),
      STREAMPULSE_HOST_EDITOR_PORT: String(ports.editor),
      STREAMPULSE_HOST_FOLDER: path.join(folder, "host"),
      STREAMPULSE_ADMIN_PASSWORD: PASSWORD,
    },
  });
}

function override(label: string): void {
  const service = {
    image: NAME,
    container_name: NAME,
    build: { labels: { label } },
    environment: { STREAMPULSE_WATCHDOG_SECONDS: "12" },
    healthcheck: { interval: "2s" },
  };
  writeFileSync(path.join(folder, "override.json"), JSON.stringify({ services: { streampulse: service } }));
}

/** A data folder of v2.2, as it was left by root. */
function v22Folder(name: string): string {
  const target = path.join(folder, name);
  mkdirSync(target);
  for (const file of ["config.yaml", "streams.db"]) {
    cpSync(fixture("v2.2", file), path.join(target, file));
  }
  // its checks grow older than the usual week
  appendFileSync(path.join(target, "config.yaml"), "retention: { checks_days: 36500 }\n");
  return target;
}

/** By a container, because the one who tests need not be root. */
async function chown(dataDir: string, ...args: string[]): Promise<void> {
  const mount = ["--volume", `${dataDir}:/host`, "--entrypoint", "chown"];
  await engine.docker(["run", "--rm", ...mount, NAME, ...args, "/host"]);
}

async function history(name: string, cookie: string): Promise<{ at: number; message: string }[]> {
  const place = `api/streams/${encodeURIComponent(name)}/history?from=2020-01-01&limit=10000`;
  const response = await fetch(at("gui", place), { headers: { cookie } });
  assert.equal(response.status, 200);
  return ((await response.json()) as { checks: { at: number; message: string }[] }).checks;
}

describe("the container", needsEngine(), () => {
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "streampulse-container-"));
    await engine.start();
    for (const port of ["api", "gui", "editor"] as const) ports[port] = await unusedPort();
    override("first");
    v22Folder("host");
    await compose("build", "--quiet");
    const [{ Size }] = JSON.parse(await engine.docker(["image", "inspect", NAME])) as [{ Size: number }];
    console.log(`the image has ${Math.round(Size / 1e6)} MB`);
  });

  after(async () => {
    await compose("down", "--volumes", "--timeout", "2");
    await removeFolder(engine, NAME, folder);
    await engine.docker(["image", "rm", "--force", NAME]);
    await engine.stop();
  });

  describe("by docker compose, on a data folder of v2.2", () => {
    let cookie: string;

    before(async () => {
      await compose("up", "--detach", "--wait");
      cookie = await signIn(at("gui", ""), PASSWORD);
    });

    it("answers what v2.2 answered, where v2.2 did", async () => {
      const status = (await (await fetch(at("api", "api/status"))).json()) as Record<string, object>;
      const before = JSON.parse(readFileSync(fixture("v2.2", "api_status.json"), "utf8")) as object;
      assert.deepEqual(Object.keys(status), Object.keys(before));
      const health = await fetch(at("api", "healthz"));
      assert.equal(health.status, 200);
    });

    it("has its history, and keeps the old database", async () => {
      const [oldest] = await patiently(async () => {
        const checks = (await history("Gate Camera", cookie)).filter(({ message }) => message === "RTSP 200");
        return checks.length === 19 && checks.reverse();
      });
      assert.equal(new Date(oldest?.at ?? 0).toISOString().slice(0, 10), "2026-11-22");
      assert.ok((await container.exec("ls", "/host")).includes("streams.v22.db"));
    });

    it("shows a login page, and the editor on neither public port", async () => {
      const { head } = await rawGet(at("gui", ""), "/", ["Accept: text/html"]);
      assert.match(head, /^HTTP\/1\.1 303 [^]*\r\nLocation: \/login\r\n/);
      assert.match(await (await fetch(at("gui", "login"))).text(), /type="password"/);
      for (const place of ["red/red.min.js", "flows", "settings", "auth/login", "nodes", "comms"]) {
        for (const port of ["api", "gui"] as const) {
          if (port === "gui" && place === "settings") continue;
          assert.equal((await fetch(at(port, place), { headers: { cookie } })).status, 404, place);
        }
      }
      // the editor has its settings there, and v2.2 had its page
      const settings = await fetch(at("gui", "settings"), { headers: { cookie }, redirect: "manual" });
      assert.equal(settings.headers.get("location"), "/dashboard/settings");
      assert.equal((await fetch(at("editor", "flows"))).status, 401);
      assert.match(await (await fetch(at("editor", ""))).text(), /<title>StreamPulse/);
      const mapped = await engine.docker(["port", NAME, "1880"]);
      assert.match(mapped, /^127\.0\.0\.1:\d+\n$/);
    });

    it("shows the dashboard after login, with the scripts of its widgets", async () => {
      const { status, headers } = await fetch(at("gui", "dashboard/"), { headers: { cookie } });
      assert.deepEqual([status, headers.get("content-type")?.split(";")[0]], [200, "text/html"]);
      const place = "resources/@streampulse/node-red-dashboard-2-streampulse/ui-stream-board.js";
      assert.equal((await fetch(at("gui", place), { headers: { cookie } })).status, 200);
      assert.notEqual((await fetch(at("gui", "dashboard/"))).status, 200);
    });

    it("runs as nobody special, and its folder is its own", async () => {
      const processes = await container.processes();
      assert.deepEqual(
        processes.filter(({ uid }) => uid === 0),
        [],
      );
      assert.equal(processes.find(({ pid }) => pid === 1)?.name, "tini");
      const foreign = await container.exec("find", "/host", "!", "-user", "node");
      assert.equal(foreign, "");
      await assert.rejects(container.exec("setpriv", "--reuid=node", "touch", "/app/x"), /Permission denied/);
    });

    it("writes one line an event", async () => {
      const lines = (await container.logs()).trim().split("\n");
      for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+\] /);
      assert.ok(!lines.some((line) => line.includes("s3cret")));
    });

    it("reaps what others leave behind", async () => {
      await container.exec("sh", "-c", "(sleep 0.1 &)");
      await patiently(async () => !(await container.processes()).some(({ name }) => name === "sleep"));
      assert.deepEqual(
        (await container.processes()).filter(({ state }) => state === "Z"),
        [],
      );
    });

    it("has an ffmpeg that reads what cameras send", async () => {
      for (const codec of ["libx264", "libx265", "mjpeg"]) {
        const source = "-f lavfi -i testsrc=duration=1:rate=5:size=320x240";
        const make = `ffmpeg -v error ${source} -c:v ${codec} -pix_fmt yuvj420p -f matroska -`;
        const facts = await container.exec("sh", "-c", `${make} | ffprobe -v error -show_streams -`);
        assert.match(facts, /^width=320$/m, codec);
      }
    });

    it("is the same after down and a rebuild: login, history, checks", async () => {
      const { Image } = await container.inspect();
      const dock = (await history("Dock", cookie)).length;
      await compose("down");
      override("second");
      await compose("up", "--detach", "--build", "--wait");
      assert.notEqual((await container.inspect()).Image, Image);
      assert.ok((await history("Dock", cookie)).length >= dock);
      assert.equal((await fetch(at("gui", "api/status"), { headers: { cookie } })).status, 200);
    });

    it("comes back when its process is killed", async () => {
      const { pid } = await container.nodeRed();
      await container.exec("node", "-e", `process.kill(${pid}, "SIGKILL")`);
      await patiently(async () => (await container.inspect()).RestartCount === 1);
      await container.untilHealthy();
      assert.equal((await fetch(at("api", "api/status"))).status, 200);
    });

    it("comes back when its event loop hangs, and says so", async () => {
      const login = await editorToken(at("editor", ""), PASSWORD);
      const { access_token } = (await login.json()) as { access_token: string };
      const tab = {
        label: "hang",
        nodes: [
          {
            id: "hang-in",
            type: "http in",
            z: "hang",
            url: "/api/hang",
            method: "get",
            wires: [["hang-loop"]],
          },
          { id: "hang-loop", type: "function", z: "hang", func: "for (;;);", outputs: 0, wires: [] },
        ],
      };
      const made = await fetch(at("editor", "flow"), {
        method: "POST",
        headers: { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json" },
        body: JSON.stringify(tab),
      });
      assert.equal(made.status, 200);
      const hang = () => fetch(at("gui", "api/hang"), { headers: { cookie } });
      await patiently(() =>
        hang().then(
          () => false,
          () => true,
        ),
      );
      await patiently(async () => (await container.inspect()).RestartCount === 2);
      assert.match(await container.logs(), /\[error\] The event loop has not turned for 12 s/);
      await container.untilHealthy();
    });

    it("stops within 5 s", async () => {
      const begun = Date.now();
      await engine.docker(["stop", NAME]);
      assert.ok(Date.now() - begun < 5000, `it took ${Date.now() - begun} ms`);
      assert.equal((await container.inspect()).State.ExitCode, 0);
    });
  });

  describe("by docker run", () => {
    let count = 0;
    const started: Container[] = [];

    /** Starts one more, on a data folder, with further options of `docker run`. */
    async function run(dataDir: string, ...options: string[]): Promise<Container> {
      const name = `${NAME}-${++count}`;
      const one = new Container(engine, name);
      started.push(one);
      const general = ["--detach", "--name", name, "--health-interval", "2s", "--volume", `${dataDir}:/host`];
      await engine.docker(["run", ...general, ...options, NAME]);
      return one;
    }

    after(async () => {
      for (const one of started) await one.remove();
    });

    const locked = ["--read-only", "--tmpfs", "/tmp"];

    it("takes over a folder that Docker made as root, on a read-only root", async () => {
      const dataDir = path.join(folder, "made-by-docker");
      const one = await run(dataDir, ...locked);
      await one.untilHealthy();
      assert.equal(statSync(dataDir).uid, 1000);
      assert.equal((await one.nodeRed()).uid, 1000);
      await assert.rejects(one.exec("touch", "/app/x"), /Read-only file system/);
      assert.ok(readdirSync(dataDir).includes("config.yaml"));
    });

    it("works with --user, without any capability, and with v2.2's paths", async () => {
      const dataDir = v22Folder("with-user");
      await chown(dataDir, "-R", "4321:4321");
      const one = await run(
        dataDir,
        ...[...locked, "--user", "4321:4321", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
        ...["--env", "DB_PATH=/app/streams.db", "--env", "CFG_PATH=/app/config.yaml"],
      );
      await one.untilHealthy();
      assert.deepEqual([...new Set((await one.processes()).map(({ uid }) => uid))], [4321]);
      const files = await one.exec("ls", "/host");
      for (const name of ["streams.db-wal", "streams.v22.db"]) assert.ok(files.includes(name), files);
    });

    it("keeps the owner of a folder that belongs to a person", async () => {
      const dataDir = path.join(folder, "of-a-person");
      mkdirSync(dataDir);
      writeFileSync(path.join(dataDir, "config.yaml"), JSON.stringify(CONFIG));
      await chown(dataDir, "1234:1234");
      const one = await run(dataDir);
      await one.untilHealthy();
      assert.equal((await one.nodeRed()).uid, 1234);
      assert.equal(statSync(path.join(dataDir, "config.yaml")).uid, 1234);
    });

    it("says in one line that the folder is not to be written", async () => {
      const dataDir = path.join(folder, "of-root");
      mkdirSync(dataDir);
      chmodSync(dataDir, 0o755);
      const one = await run(dataDir, "--user", "4321:4321");
      await patiently(async () => !(await one.inspect()).State.Running);
      assert.equal((await one.inspect()).State.ExitCode, 78);
      assert.equal(
        await one.logs(),
        "streampulse: The data folder /host cannot be written (EACCES at /host/node-red): " +
          "let the user that runs StreamPulse write there, or set STREAMPULSE_DATA to another folder.\n",
      );
    });
  });
});
