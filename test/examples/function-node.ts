import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { compileFunction } from "node:vm";
import { transition } from "../mqtt-status/support";
import { FakeClock } from "../support/fake-clock";
import { projectRoot } from "../support/fixtures";

export interface FlowNode {
  id: string;
  type: string;
  z?: string;
  wires?: string[][];
  links?: string[];
  /** Of an inject node. */
  repeat?: string;
  topic?: string;
  func?: string;
  initialize?: string;
  finalize?: string;
}

type Message = Record<string, unknown>;
type Script = (...given: unknown[]) => unknown;

export const examplesFolder = path.join(projectRoot, "examples");
export const readFlow = (file: string) => JSON.parse(readFileSync(file, "utf8")) as FlowNode[];
/** A function of these arguments. @throws SyntaxError */
export const script = (names: string[], body: string) => compileFunction(body, names) as Script;

/** Runs a function node of an example as Node-RED would, with the inject nodes before it, but with a clock of the test's. */
export function run(example: string, id: string, env: Record<string, string> = {}) {
  const nodes = readFlow(path.join(examplesFolder, `${example}.json`));
  const node = nodes.find((candidate) => candidate.id === id);
  assert.ok(node?.func !== undefined);
  const ticks = nodes.filter(({ type, wires }) => type === "inject" && wires?.flat().includes(id));
  const clock = new FakeClock();
  let kept = new Map<string, unknown>();
  const timers = new Set<unknown>();
  const states = new Map<string, string>();
  const sent: (Message | null)[][] = [];
  const warnings: string[] = [];
  const send = (messages: Message | (Message | null)[]) =>
    void sent.push(Array.isArray(messages) ? messages : [messages]);
  const given = {
    node: {
      id,
      send,
      warn: (text: string) => warnings.push(text),
      error: (text: string) => warnings.push(text),
      status: () => {},
    },
    // a node's own context is emptied by a deploy where no context store is set
    flow: {
      get: (key: string) => kept.get(key),
      set: (key: string, value: unknown) => kept.set(key, value),
    },
    env: { get: (name: string) => env[name] ?? "" },
    setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, ms),
    clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
    Date: { now: () => clock.now() },
  };
  const names = Object.keys(given);
  const values = Object.values(given);
  const func = script([...names, "msg"], node.func);
  function hear(msg: Message): void {
    const returned = func(...values, msg);
    if (returned !== null) send(returned as (Message | null)[]);
  }
  function repeat(inject: FlowNode): void {
    const timer = clock.setTimeout(
      () => {
        timers.delete(timer);
        repeat(inject);
        hear({ topic: inject.topic, payload: "" });
      },
      Number(inject.repeat) * 1000,
    );
    timers.add(timer);
  }
  function start(): void {
    script(names, node?.initialize ?? "")(...values);
    ticks.forEach(repeat);
  }
  function stop(): void {
    script(names, node?.finalize ?? "")(...values);
    for (const timer of timers) clock.clearTimeout(timer);
    timers.clear();
  }
  /** A deploy, or a restart with a context store on disk: what was kept is there again, as far as JSON can hold it. */
  function restart(): void {
    stop();
    kept = new Map(JSON.parse(JSON.stringify([...kept])) as [string, unknown][]);
    start();
  }
  const change = (stream: string, to: string, more: Message = {}) => {
    const from = states.get(stream) ?? "up";
    states.set(stream, to);
    hear({
      topic: "transition",
      payload: { ...transition(1, stream), from, to, at: clock.now(), reason: "timeout", ...more },
    });
  };
  const outage = (event: string, streams: string[], more: Message = {}) =>
    hear({
      topic: "outage",
      payload: { kind: "host", event, host: "192.0.2.7", streams, at: 0, durationMs: 600_000, ...more },
    });
  start();
  return { clock, sent, warnings, hear, change, outage, restart, stop };
}
