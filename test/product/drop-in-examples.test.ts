import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { MjpegCamera, RtspCamera } from "../../demo/cameras";
import { MqttBroker } from "../../demo/mqtt-broker";
import { projectRoot } from "../support/fixtures";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { installedUserDir, nodeReds, nodes, OwnNodeRed } from "./drop-in";

interface FlowNode extends Record<string, unknown> {
  id: string;
  type: string;
  streams?: { name: string; url: string }[];
}

/** What the routes ask for (`httpNodeAuth`): "of a test". */
const LOGIN = { user: "viewer", pass: "$2b$04$fU4xaDOfUQuUI.PVRL4yuOpq4aUV.ne7qICORszZp2GyGhgc4J6Ge" };
const headers = { Authorization: `Basic ${Buffer.from("viewer:of a test").toString("base64")}` };
/** Types of other packages that examples use, such as node-red-node-email: here others stand in, which send nothing. */
const STAND_INS = ["e-mail"];

/** @returns a folder for `nodesDir` */
function standIns(below: string): string {
  const folder = path.join(below, "stand-ins");
  mkdirSync(folder);
  for (const type of STAND_INS) {
    const register = (what: string) => `RED.nodes.registerType("${type}", ${what});`;
    const node = "function (config) { RED.nodes.createNode(this, config); }";
    writeFileSync(path.join(folder, `${type}.js`), `module.exports = (RED) => ${register(node)}\n`);
    const form = `<script type="text/javascript">${register("{ defaults: {} }")}</script>\n`;
    writeFileSync(path.join(folder, `${type}.html`), form);
  }
  return folder;
}

describe("the examples, imported from the menu and deployed", () => {
  const folder = temporaryFolder();
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  const nursery = new MjpegCamera();
  const broker = new MqttBroker();
  let nurseryUrl = "";
  let own: OwnNodeRed;

  before(async () => {
    await camera.start();
    ({ url: nurseryUrl } = await nursery.start());
    await broker.start();
    const { userDir } = await installedUserDir(folder);
    own = new OwnNodeRed(nodes[0]?.file ?? "", nodeReds[0]?.folder ?? "", userDir, true);
    const config = { heartbeat_seconds: 2, streams: [{ name: "Gate", url: camera.url("/live") }] };
    await own.start(config, { httpNodeAuth: LOGIN, nodesDir: standIns(folder) });
  });
  after(async () => {
    await own.stop();
    await Promise.all([camera.stop(), nursery.stop(), broker.stop()]);
  });

  /** Puts the simulated cameras and broker where the comment says that a person's own belong. */
  function filledIn(node: FlowNode): FlowNode {
    if (node.type === "mqtt-status" && node.host !== "") {
      return { ...node, host: "127.0.0.1", port: String(broker.port) };
    }
    if (node.type !== "stream-config" || node.source !== "form") return node;
    const url = (name: string) => (name === "Nursery" ? nurseryUrl : camera.url("/live"));
    return { ...node, streams: node.streams?.map((line) => ({ ...line, url: url(line.name) })) };
  }

  const get = (place: string) => fetch(own.url(place), { headers });
  const isUp = (probe: string, text = "1 up") =>
    until(async () => (await own.statusOf(probe)) === text, 60_000);
  async function untilStatus(): Promise<void> {
    await until(
      async () => /"Gate":.*"message":"RTSP 200"/.test(await (await get("api/status")).text()),
      60_000,
    );
  }

  const works: Record<string, () => Promise<unknown>> = {
    "one-camera": async () => {
      await isUp("sp-ex-one-probe");
      await until(async () => (await own.statusOf("sp-ex-one-checks")) === "up: RTSP 200", 60_000);
    },
    "all-cameras-from-a-file": async () => {
      await isUp("sp-ex-file-probe");
      assert.ok(existsSync(path.join(own.userDir, "streampulse", "streams.db")));
    },
    alerts: () => isUp("sp-ex-alerts-probe"),
    // what they tell of and switch is tested in test/examples; here, that all their nodes run
    "alert-email": () => isRunning("sp-ex-email-send"),
    "alert-telegram": () => isRunning("sp-ex-telegram-gather"),
    "power-cycle-poe": () => isRunning("sp-ex-poe-decide"),
    api: async () => {
      await untilStatus();
      const [stream] = (await (await get("api/streams")).json()) as { name: string; state: string }[];
      assert.deepEqual([stream?.name, stream?.state], ["Gate", "up"]);
      assert.match(await (await get("metrics")).text(), /^streampulse_\w+\{?/m);
      assert.equal((await get("api/uptime")).status, 200);
    },
    "dashboard-page": async () => {
      await isUp("sp-ex-page-probe");
      for (const page of ["streams", "settings"]) {
        const answer = await get(`dashboard/${page}`);
        assert.equal(answer.status, 200);
        assert.match(await answer.text(), /<div id="?app"?>/);
      }
    },
    "publish-to-mqtt": async () => {
      const published = new Promise<string>((resolve) => {
        broker.inner.on("publish", ({ topic, payload }) => {
          const text = String(payload);
          if (topic === "streampulse/status" && text.includes("RTSP 200")) resolve(text);
        });
      });
      assert.match(await published, /^\{"Gate":/);
    },
    "streampulse-in-one-tab": () => untilStatus(),
    "stream-preview": async () => {
      const image = await until(async () => {
        const answer = await get("snapshot/Nursery.jpg");
        return answer.ok && answer;
      });
      assert.equal(image.headers.get("content-type"), "image/jpeg");
      const bytes = Buffer.from(await image.arrayBuffer());
      assert.equal(bytes.readUInt16BE(0), 0xffd8);
    },
  };

  /** A flow is stopped as a whole where a type is missing; then none of its nodes is known to the runtime. */
  async function isRunning(id: string): Promise<void> {
    const { flows, state } = await flowsState();
    assert.ok(flows.some((node) => node.id === id));
    assert.equal(state, "start");
  }

  async function flowsState(): Promise<{ flows: FlowNode[]; state: string }> {
    const v2 = { "Node-RED-API-Version": "v2" };
    const { flows } = (await (await fetch(own.url("flows"), { headers: v2 })).json()) as {
      flows: FlowNode[];
    };
    const { state } = (await (await fetch(own.url("flows/state"))).json()) as { state: string };
    return { flows, state };
  }

  it("are all of the package's, and use every node", async () => {
    const names = await own.examples();
    const files = readdirSync(path.join(projectRoot, "examples")).filter((name) => name.endsWith(".json"));
    assert.deepEqual([...names].sort(), files.map((file) => path.parse(file).name).sort());
    assert.deepEqual(Object.keys(works).sort(), [...names].sort());
    const used = new Set<string>();
    for (const name of names) for (const { type } of await own.example<FlowNode>(name)) used.add(type);
    for (const { types } of await own.nodeSets()) for (const type of types) assert.ok(used.has(type), type);
  });

  for (const [name, check] of Object.entries(works)) {
    it(name, async () => {
      const flow = await own.example<FlowNode>(name);
      const before = own.output.length;
      assert.equal(await own.deploy(flow.map(filledIn)), 204);
      await check();
      const said = own.output.slice(before);
      assert.doesNotMatch(said, /\[error\]|Waiting for missing types/, said);
    });
  }
});
