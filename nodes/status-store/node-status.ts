import type { HealthReport } from "../../contracts";

/** What the editor shows under a status-store node. */
export interface NodeStatus {
  fill: "red" | "yellow" | "green" | "grey";
  shape: "dot" | "ring";
  text: string;
}

export function storeNodeStatus({ running, details }: Omit<HealthReport, "source">): NodeStatus {
  const stored = `${count(details.checksStored)} ${details.checksStored === 1 ? "check" : "checks"} stored`;
  if (!running) {
    return { fill: "red", shape: "ring", text: `cannot store, ${count(details.queued)} checks waiting` };
  }
  if (!details.checksStored) return { fill: "grey", shape: "ring", text: "waiting for checks" };
  if (details.dropped) {
    return { fill: "yellow", shape: "dot", text: `${stored}, ${count(details.dropped)} lost` };
  }
  return { fill: "green", shape: "dot", text: stored };
}

function count(number: unknown): string {
  return Number(number).toLocaleString("en-US");
}
