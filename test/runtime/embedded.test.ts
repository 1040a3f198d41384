import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { describe, it } from "node:test";
import type { NodeAPI } from "node-red";
import { HEALTH_EVENT } from "../../contracts/health";
import { listen, LOOPBACK } from "../../demo/cameras";
import { productSettingsFile } from "../../runtime/product-settings";
import plugin from "../../runtime/plugin/streampulse-runtime";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { cleanEnvironment, writeFlows } from "./support";

/** What is used of the node-red package; its own types leave out the rest. */
interface NodeRed {
  init(server: Server, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  httpAdmin: (request: unknown, response: unknown, next: () => void) => void;
  httpNode: (request: unknown, response: unknown) => void;
  events: EventEmitter;
}

describe("Node-RED embedded in a process", () => {
  it("opens the ports at each start and closes them at each stop", async (t) => {
    const { default: RED } = (await import("node-red")) as unknown as { default: NodeRed };
    const folder = temporaryFolder(t);
    const dataDir = path.join(folder, "data");
    writeFlows(dataDir, [{ id: "t", type: "tab", label: "t" }]);
    const lines: string[] = [];
    for (let run = 0; run < 2; run++) {
      const settings = {
        ...productSettingsFile(cleanEnvironment({ STREAMPULSE_DATA: dataDir }), folder),
        logging: {
          test: {
            level: "info",
            handler: () => (message: { msg: unknown }) => lines.push(String(message.msg)),
          },
        },
      };
      const server = createServer((request, response) =>
        RED.httpAdmin(request, response, () => RED.httpNode(request, response)),
      );
      RED.init(server, settings);
      await RED.start();
      await listen(server, 0, LOOPBACK);
      const opened = () => lines.map((line) => /^dashboard listens on (\S+)/.exec(line)?.[1]).filter(Boolean);
      const gui = await until(() => opened()[run]);
      const health = await fetch(`${gui}healthz`);
      assert.equal(health.status, 200);
      assert.equal(RED.events.listenerCount(HEALTH_EVENT), 1);
      await RED.stop();
      await assert.rejects(fetch(`${gui}healthz`));
      assert.equal(RED.events.listenerCount(HEALTH_EVENT), 0);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("the plugin in somebody's own Node-RED", () => {
  for (const settings of [
    {},
    { streampulse: {} },
    { streampulse: { product: false } },
    { streampulse: { product: true } },
  ]) {
    it(`does nothing with ${JSON.stringify(settings)}`, () => {
      const events = new EventEmitter();
      const server = createServer();
      const listen: unknown = Reflect.get(server, "listen");
      plugin({ settings, events, server } as unknown as NodeAPI);
      assert.deepEqual(events.eventNames(), []);
      assert.deepEqual(server.eventNames(), ["connection", "listening"]);
      assert.equal(Reflect.get(server, "listen"), listen);
    });
  }
});
