import type { NodeAPI } from "node-red";
import type { FlowFacts } from "./flow-headers";

interface FlowNode {
  id: string;
  type: string;
  path?: string;
  ui?: string;
  disabled?: unknown;
}

/** What the flows that run now have of a dashboard. */
export function flowFacts(RED: NodeAPI): FlowFacts {
  const bases = new Map<string, string>();
  const pages: FlowNode[] = [];
  let hasTemplates = false;
  const nodes = RED.nodes as unknown as { eachNode(visit: (node: FlowNode) => void): void };
  nodes.eachNode((node) => {
    // one whose type is missing, or that is disabled, is not there
    if (!node.type.startsWith("ui-") || !RED.nodes.getNode(node.id)) return;
    if (node.type === "ui-base") bases.set(node.id, node.path ?? "/dashboard");
    if (node.type === "ui-page") pages.push(node);
    if (node.type === "ui-template") hasTemplates = true;
  });
  const pageAt = (path: string) => {
    const page = pages.find(
      (candidate) => candidate.path === path && bases.get(candidate.ui ?? "") === "/dashboard",
    );
    return page && `/dashboard${path}`;
  };
  return { streamsPage: pageAt("/streams"), settingsPage: pageAt("/settings"), hasTemplates };
}
