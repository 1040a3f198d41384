import { MqttBroker } from "../demo/mqtt-broker";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/** The broker that the product publishes to, in a process of its own. */

export interface FullPublish {
  /** From the connection to the last state. */
  seconds: number;
  states: number;
}

export interface BrokerUsage {
  messages: number;
  cpuSeconds: number;
}

const STATE = /\/streams\/[^/]+\/state$/;

const broker = new MqttBroker();
let messages = 0;
let connectedAt = 0;
let lastAt = 0;
const states = new Set<string>();

async function start(): Promise<{ port: number }> {
  const port = await broker.start();
  broker.inner.on("client", () => {
    connectedAt = performance.now();
    states.clear();
  });
  broker.inner.on("publish", ({ topic }, client) => {
    if (!client) return;
    messages++;
    if (!STATE.test(topic) || states.has(topic)) return;
    states.add(topic);
    lastAt = performance.now();
  });
  return { port };
}

/** Throws the product out, and waits until it has come again and told all states. */
async function fullPublish(streams: number): Promise<FullPublish> {
  const deadline = performance.now() + 60_000;
  states.clear();
  broker.dropClients();
  while (states.size < streams && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { seconds: (lastAt - connectedAt) / 1000, states: states.size };
}

answerCalls({
  start,
  fullPublish,
  usage: (): BrokerUsage => ({ messages, cpuSeconds: cpuSeconds() }),
});
