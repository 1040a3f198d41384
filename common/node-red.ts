import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
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
  runtime?: { apiPort?: number };
}

export function productSettings(RED: NodeAPI): ProductSettings {
  return ((RED.settings as unknown as { streampulse?: ProductSettings }).streampulse ??
    {}) satisfies ProductSettings;
}

/**
 * What tells this Node-RED from all others, over restarts and upgrades: it keeps a random id in its user folder. Where
 * that cannot be written, the machine and the folder say which one it is.
 */
export function instanceId(RED: NodeAPI): string {
  const settings = RED.settings as unknown as { get?(name: string): unknown; userDir?: string };
  try {
    const id = settings.get?.("instanceId");
    if (typeof id === "string" && id !== "") return id;
  } catch {
    // no folder to keep settings in
  }
  return `${os.hostname()} ${settings.userDir ?? process.cwd()}`;
}

/** Of this package. */
export function packageVersion(): string {
  const file = path.resolve(__dirname, "../../package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
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
