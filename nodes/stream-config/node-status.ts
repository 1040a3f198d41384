import type { NodeStatus } from "node-red";
import { countOf, type ConfigStatus } from "./config-source";

const MOST_CHARACTERS = 80;

/** As the editor shows it below the node. */
export function nodeStatus({ streams, problemCount, refused }: ConfigStatus): NodeStatus {
  if (refused !== undefined) {
    const text = refused.length > MOST_CHARACTERS ? `${refused.slice(0, MOST_CHARACTERS - 1)}…` : refused;
    return { fill: "red", shape: "ring", text };
  }
  const text = countOf(streams, "stream");
  if (problemCount === 0) return { fill: "green", shape: "dot", text };
  return { fill: "yellow", shape: "ring", text: `${text}, ${countOf(problemCount, "problem")}` };
}
