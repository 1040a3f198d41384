import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { connectAsync } from "mqtt";
import { parse } from "yaml";
import { unusedPort } from "../../demo/cameras";
import { NODE_FLAGS } from "../../runtime/start";
import { parsed } from "../stream-config/helpers";
import { projectRoot } from "../support/fixtures";
import { needs } from "../support/needs";
import { ReadyProcess } from "../support/ready-process";
import { temporaryFolder } from "../support/temporary-folder";
import { Engine, needsCompose } from "./engine";

const read = (...names: string[]) => readFileSync(path.join(projectRoot, ...names), "utf8");

interface Service {
  image?: string;
  build: { context: string };
  container_name: string;
  restart: string;
  ports: { host_ip?: string; published: string; target: number }[];
  volumes: { type: string; source: string; target: string }[];
}

describe("the Dockerfile", () => {
  const file = read("Dockerfile");

  it("needs nothing but Debian's and npm's registry and its base image", () => {
    assert.doesNotMatch(file, /^#\s*syntax=/m);
    assert.deepEqual([...new Set(file.match(/^FROM \S+/gm))], ["FROM node:24-bookworm-slim"]);
    assert.doesNotMatch(file, /https?:/);
  });

  it("starts Node.js as npm start does", () => {
    const [, command = "[]"] = /^CMD (.*)$/m.exec(file) ?? [];
    const [, ...args] = JSON.parse(command) as string[];
    assert.deepEqual(args.slice(0, NODE_FLAGS.length), NODE_FLAGS);
    assert.match(args[NODE_FLAGS.length] ?? "", /red\.js$/);
  });

  it("names no architecture", () => {
    assert.doesNotMatch(file.replaceAll(/^#.*$/gm, ""), /x86_64|amd64|linux-x64|aarch64/i);
  });
});

describe("the compose files", needsCompose(), () => {
  const docker = new Engine();

  async function services(
    folder: string,
    env: Record<string, string> = {},
  ): Promise<Record<string, Service>> {
    const text = await docker.docker(["compose", "config", "--format", "json"], {
      cwd: path.join(projectRoot, folder),
      env,
    });
    return (JSON.parse(text) as { services: Record<string, Service> }).services;
  }

  it("start v2.2's service: its name, its ports, its folder", async () => {
    const { streampulse } = await services(".");
    assert.equal(streampulse?.build.context, projectRoot);
    assert.equal(streampulse?.container_name, "streampulse-v2.2");
    assert.equal(streampulse?.restart, "unless-stopped");
    assert.deepEqual(
      streampulse?.ports.map(({ host_ip, published, target }) => [host_ip ?? "", published, target]),
      [
        ["", "6868", 7000],
        ["", "6969", 8000],
        ["127.0.0.1", "1880", 1880],
      ],
    );
    const folders = streampulse?.volumes.map(({ type, source, target }) => [type, source, target]);
    assert.deepEqual(folders, [["bind", path.join(projectRoot, "StreamPulse-v2.2"), "/host"]]);
  });

  it("take other ports and another folder from the environment", async () => {
    const { streampulse } = await services(".", {
      STREAMPULSE_HOST_API_PORT: "7001",
      STREAMPULSE_HOST_GUI_PORT: "7002",
      STREAMPULSE_HOST_EDITOR_PORT: "7003",
      STREAMPULSE_HOST_FOLDER: "/srv/streampulse",
    });
    assert.deepEqual(
      streampulse?.ports.map(({ published }) => published),
      ["7001", "7002", "7003"],
    );
    assert.equal(streampulse?.volumes[0]?.source, "/srv/streampulse");
  });

  for (const [example, variable, others] of [
    ["mqtt", "MQTT_PASSWORD", ["mosquitto"]],
    ["monitoring", "GRAFANA_PASSWORD", ["grafana", "prometheus"]],
  ] as const) {
    it(`of the example ${example} have the same service beside others, and no password of their own`, async () => {
      const folder = path.join("examples", "compose", example);
      await assert.rejects(services(folder), new RegExp(`${variable}.*choose a password`));
      const { streampulse, ...rest } = await services(folder, { [variable]: "x" });
      const { streampulse: original } = await services(".");
      assert.deepEqual(streampulse?.ports, original?.ports);
      assert.deepEqual(streampulse?.volumes, original?.volumes);
      assert.deepEqual(Object.keys(rest).sort(), others);
      for (const { image } of Object.values(rest)) assert.match(image ?? "", /:[\dv]/, "a version");
    });
  }
});

describe("the files beside the compose files", () => {
  /** The example's settings of MQTT. */
  function settingsOf(password: string) {
    const text = read("examples", "compose", "mqtt", "config.yaml");
    const { problems, settings } = parsed(`${text}streams: []\n`, { MQTT_PASSWORD: password });
    assert.deepEqual(problems, []);
    return settings.mqtt;
  }

  it("tell StreamPulse of the broker", () => {
    const { enabled, host, username, password } = settingsOf("secret");
    assert.deepEqual(
      { enabled, host, username, password },
      { enabled: true, host: "mosquitto", username: "streampulse", password: "secret" },
    );
  });

  it("let StreamPulse in at the broker, whatever its password", needs("mosquitto"), async (t) => {
    const folder = temporaryFolder(t);
    const port = await unusedPort();
    const config = read("examples", "compose", "mqtt", "mosquitto.conf")
      .replace("listener 1883", `user root\nlistener ${port} 127.0.0.1`)
      .replaceAll("/tmp/passwords", path.join(folder, "passwords"))
      .replace("/mosquitto/data/", `${folder}/`)
      // to a pipe it would come in blocks
      .replace("log_dest stdout", "log_dest stderr");
    writeFileSync(path.join(folder, "mosquitto.conf"), config);
    const { services } = parse(read("examples", "compose", "mqtt", "compose.yaml")) as {
      services: Record<string, { command: string[] }>;
    };
    const [shell = "", ...args] = services.mosquitto?.command ?? [];
    const script = (args.pop() ?? "")
      .replaceAll("$$", "$")
      .replaceAll("/tmp/passwords", path.join(folder, "passwords"))
      .replaceAll("/mosquitto/config/mosquitto.conf", path.join(folder, "mosquitto.conf"))
      // an image's user, which need not be here
      .replace("chown mosquitto", "test -s");
    for (const password of ["long:secret", `-c $HOME "it's" \\n %s`]) {
      const env = { ...process.env, MQTT_PASSWORD: password };
      // as after a restart, the file of passwords is there already
      for (let starts = 0; starts < 2; starts++) {
        const ready = /version \S+ running/;
        const broker = new ReadyProcess({ file: shell, args: [...args, script], env, ready });
        await broker.start();
        try {
          const { username } = settingsOf("secret");
          const options = { username: username ?? "", password, connectTimeout: 10_000, reconnectPeriod: 0 };
          const client = await connectAsync(`mqtt://127.0.0.1:${port}`, options);
          await client.endAsync();
          const wrong = connectAsync(`mqtt://127.0.0.1:${port}`, { ...options, password: "long" });
          await assert.rejects(wrong, /Not authorized/);
        } finally {
          await broker.stop();
        }
      }
    }
  });

  it("bring Grafana its data and its dashboard", () => {
    const folder = ["examples", "compose", "monitoring"];
    const { datasources } = parse(read(...folder, "grafana", "datasources.yml")) as {
      datasources: { type: string; url: string }[];
    };
    assert.deepEqual(
      datasources.map(({ type, url }) => [type, url]),
      [["prometheus", "http://prometheus:9090"]],
    );
    const { providers } = parse(read(...folder, "grafana", "dashboards.yml")) as {
      providers: { options: { path: string } }[];
    };
    const compose = read(...folder, "compose.yaml");
    assert.ok(compose.includes(`- ../../grafana:${providers[0]?.options.path}:ro`));
  });
});
