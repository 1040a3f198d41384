import type { Node, NodeAPI, NodeMessage } from "node-red";
import { HEALTH_EVENT, type HealthReport, type HealthWithdrawal } from "../contracts/health";
import type { Logger } from "./logger";

/** What the adapters share of Node-RED, so that each of them stays thin. */

/** `streampulse:` of the product's settings file; absent in somebody's own Node-RED. */
export interface ProductSettings {
  product?: boolean;
  dataDir?: string;
  configFile?: string;
  databaseFile?: string;
}

export function productSettings(RED: NodeAPI): ProductSettings {
  return ((RED.settings as unknown as { streampulse?: ProductSettings }).streampulse ??
    {}) satisfies ProductSettings;
}

export function nodeLogger(node: Node): Logger {
  return {
    info: (text) => node.log(text),
    warn: (text) => node.warn(text),
    error: (text) => node.error(text),
    debug: (text) => node.debug(text),
  };
}

export function reportHealth(RED: NodeAPI, report: HealthReport | HealthWithdrawal): void {
  RED.events.emit(HEALTH_EVENT, report);
}

/** A message as it comes from anywhere: nothing in it can be trusted. */
export type AnyMessage = NodeMessage & Record<string, unknown>;
