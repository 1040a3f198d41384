import type { NodeStatus } from "./node-status";
import type { Store } from "./store";

/** What a status-database node is for status-store and status-query. */
export interface DatabaseNode {
  store?: Store;
  /** Why it has no store, in a sentence. */
  fault?: string;
}

/** Why a node that needs a database can do nothing. */
export interface MissingStore {
  code: "no_database" | "node_too_old";
  /** What the editor shows. */
  status: NodeStatus;
  /** A sentence; undefined where the person who made the flow has chosen no database. */
  fault?: string;
}

export const TOO_OLD: NodeStatus = { fill: "red", shape: "ring", text: "Node.js is too old" };

/** @param found what was found under the id that the node names */
export function missingStore(found: object | null | undefined): MissingStore {
  const { fault } = (found ?? {}) as DatabaseNode;
  if (fault !== undefined) return { code: "node_too_old", status: TOO_OLD, fault };
  return { code: "no_database", status: { fill: "red", shape: "ring", text: "no database chosen" } };
}
