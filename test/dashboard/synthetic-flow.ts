import { readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../support/fixtures";

/** What a message of a hostile camera might say. */
export const HOSTILE_MESSAGE = `<img src=x onerror="window.harmed=6">`;
/** This one goes down and up again every two seconds. */
export const CHANGING = "Stream 05000";

/** Runs inside a function node: sends the streams once, and then what 10,000 cameras would cause every 20 s. */
const GENERATOR = `
const COUNT = 10000;
const name = (index) => "Stream " + String(index).padStart(5, "0");
const stateOf = (index) => (index % 100 === 7 ? "down" : index % 100 === 8 ? "degraded" : "up");
const reasonOf = { up: "ok", degraded: "wrong_path", down: "timeout" };
const messageOf = { up: "RTSP 200", degraded: "RTSP 404 Not Found", down: ${JSON.stringify(HOSTILE_MESSAGE)} };
const check = (index, at) => ({
  stream: name(index), at, state: stateOf(index), reason: reasonOf[stateOf(index)], message: messageOf[stateOf(index)],
  latencyMs: stateOf(index) === "down" ? null : 5 + ((index * 7 + at) % 90), timings: {}, level: "handshake",
});
const all = Array.from({ length: COUNT }, (_, index) => index);
node.send({ topic: "streams", settings: {}, payload: all.map((index) => ({
  name: name(index), url: "rtsp://192.0.2." + (index % 250) + "/live", group: "Site " + (index % 40), tags: ["floor " + (index % 5)],
})) });
const now = Date.now();
node.send({ topic: "states", payload: all.map((index) => ({
  stream: name(index), state: stateOf(index), reason: reasonOf[stateOf(index)], since: now - 60000, level: "handshake",
})) });
node.send({ topic: "checks", payload: all.map((index) => check(index, now - 20000)) });
let next = 0;
let seq = 1;
let isDown = false;
const timer = setInterval(() => {
  const some = Array.from({ length: 50 }, () => (next = (next + 1) % COUNT));
  node.send({ topic: "checks", payload: some.map((index) => check(index, Date.now())) });
}, 100);
const flipping = setInterval(() => {
  isDown = !isDown;
  node.send({ topic: "transition", payload: {
    stream: ${JSON.stringify(CHANGING)}, from: isDown ? "up" : "down", to: isDown ? "down" : "up",
    reason: isDown ? "timeout" : "ok", at: Date.now(), previousDurationMs: 2000, level: "handshake", seq: seq++,
  } });
}, 2000);
context.set("timers", [timer, flipping]);
`;
const END = `for (const timer of context.get("timers") ?? []) clearInterval(timer);`;

interface FlowNode {
  id: string;
  wires?: string[][];
  links?: string[];
}

/** The shipped flow with 10,000 streams that nobody probes. */
export function syntheticFlow(): unknown[] {
  const shipped = JSON.parse(
    readFileSync(path.join(projectRoot, "flows", "streampulse.json"), "utf8"),
  ) as FlowNode[];
  const replaced = new Set(["sp-config", "sp-probe"]);
  const kept = shipped
    .filter(({ id }) => !replaced.has(id))
    .map((node) => ({
      ...node,
      wires: node.wires?.map((targets) => targets.filter((target) => !replaced.has(target))),
    }));
  const place = { z: "sp-monitor", x: 200, y: 700 };
  return [
    ...kept,
    {
      ...{ ...place, id: "begin", type: "inject", props: [], once: true, onceDelay: 1 },
      wires: [["synthetic"]],
    },
    {
      ...{
        ...place,
        id: "synthetic",
        type: "function",
        outputs: 1,
        func: GENERATOR,
        finalize: END,
        libs: [],
      },
      wires: [["sp-store", "sp-config-out"]],
    },
  ];
}
