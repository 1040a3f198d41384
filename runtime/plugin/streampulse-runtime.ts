import type { Server } from "node:http";
import type { NodeAPI } from "node-red";
import { systemClock } from "../../common/clock";
import { productSettings } from "../../common/node-red";
import { HEALTH_EVENT } from "../../contracts/health";
import type { StreamPulseSettings } from "../product-settings";
import { flowFacts } from "./flow-facts";
import type { FlowFacts } from "./flow-headers";
import type { NodeRedDoors } from "./gateway";
import { ProductRuntime } from "./product-runtime";

/** An event of Node-RED's runtime, as far as it is needed here. */
interface RuntimeEvent {
  id?: string;
  payload?: { state?: string; deploy?: boolean; error?: string };
}

/**
 * A plugin is loaded by every Node-RED that has this package. Only the product's settings file makes it act: it opens
 * the two public listeners once the flows run, or once it is clear that they will not.
 */
export = function (RED: NodeAPI): void {
  const settings = productSettings(RED) as Partial<StreamPulseSettings>;
  if (settings.product !== true || !settings.runtime) return;
  const server = RED.server as unknown as Server;
  const httpNode = RED.httpNode as unknown as NodeRedDoors["flow"];
  const runtime = new ProductRuntime({
    settings: settings.runtime,
    server,
    clock: systemClock,
    logger: {
      info: (text) => RED.log.info(text),
      warn: (text) => RED.log.warn(text),
      error: (text) => RED.log.error(text),
      debug: (text) => RED.log.debug(text),
    },
    doors: {
      flow: httpNode,
      server: (request, response) => void server.emit("request", request, response),
      upgrade: (request, socket, head) => void server.emit("upgrade", request, socket, head),
    },
    flows: () => (facts ??= flowFacts(RED)),
    // start.ts waits for this; without a parent nobody does
    onAddresses: (addresses) => {
      if (process.connected) process.send?.({ kind: "streampulse-addresses", addresses });
    },
  });

  let facts: FlowFacts | undefined;
  const onFlows = () => {
    facts = undefined;
    runtime.open();
  };
  const onRuntimeEvent = ({ id, payload }: RuntimeEvent) => {
    if (id !== "runtime-state" || payload === undefined) return;
    if (isEnd(payload)) void stop();
    else runtime.open();
  };
  /** Flows also stop for a deploy, for want of a node, and by hand in the editor: none of these ends the process. */
  const isEnd = (payload: NonNullable<RuntimeEvent["payload"]>) =>
    payload.state === "stop" && !payload.deploy && !payload.error && !stoppedByHand();
  const stoppedByHand = () =>
    (RED.settings as unknown as { get(name: string): unknown }).get("runtimeFlowState") === "stop";
  const stop = async () => {
    RED.events.off("flows:started", onFlows);
    RED.events.off("runtime-event", onRuntimeEvent);
    RED.events.off(HEALTH_EVENT, runtime.health.take);
    await runtime.stop();
  };

  RED.events.on(HEALTH_EVENT, runtime.health.take);
  RED.events.on("flows:started", onFlows);
  RED.events.on("runtime-event", onRuntimeEvent);
  // who embeds Node-RED ends its server; then nothing of ours may keep the process alive
  server.once("close", () => void stop());
  runtime.start();
};
