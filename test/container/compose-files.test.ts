import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { NODE_FLAGS } from "../../runtime/start";
import { parsed } from "../stream-config/helpers";
import { projectRoot } from "../support/fixtures";
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

describe("the compose files", needsCompose, () => {
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
  it("tell StreamPulse of the broker", () => {
    const text = read("examples", "compose", "mqtt", "config.yaml");
    const { problems, settings } = parsed(`${text}streams: []\n`, { MQTT_PASSWORD: "secret" });
    assert.deepEqual(problems, []);
    const { enabled, host, username, password } = settings.mqtt;
    assert.deepEqual(
      { enabled, host, username, password },
      { enabled: true, host: "mosquitto", username: "streampulse", password: "secret" },
    );
    const compose = read("examples", "compose", "mqtt", "compose.yaml");
    assert.ok(compose.includes("printf 'streampulse:%s\\n'"), "the broker knows the same user");
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
