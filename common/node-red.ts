import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import os from "node:os";
import path from "node:path";
import type { Node, NodeAPI, NodeMessage } from "node-red";
import { HEALTH_EVENT, type HealthReport, type HealthWithdrawal } from "../contracts/health";
import type { Logger } from "./logger";
import { isSameOrigin } from "./same-origin";

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

const LEAST_NODE = [22, 9] as const;

/**
 * Node-RED 4 runs on older ones too, where better-sqlite3 would end the whole process.
 * @param version as process.versions.node says it
 * @returns a sentence; undefined where it is new enough
 */
export function nodeVersionFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return isEnough
    ? undefined
    : `StreamPulse needs Node.js ${LEAST_NODE.join(".")} or newer; this is ${version}: update Node.js.`;
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

/** For what no node stands behind. */
export function runtimeLogger(RED: NodeAPI, source: string): Logger {
  const line = (text: string) => `[${source}] ${text}`;
  return {
    info: (text) => RED.log.info(line(text)),
    warn: (text) => RED.log.warn(line(text)),
    error: (text) => RED.log.error(line(text)),
    debug: (text) => RED.log.debug(line(text)),
  };
}

export function reportHealth(RED: NodeAPI, report: HealthReport | HealthWithdrawal): void {
  RED.events.emit(HEALTH_EVENT, report);
}

/** A message as it comes from anywhere: nothing in it can be trusted. */
export type AnyMessage = NodeMessage & Record<string, unknown>;

/** What a route that changes or shows more than the public may see answers 403 with. */
export interface RouteRefusal {
  code: "not_guarded" | "wrong_origin";
  message: string;
}

/**
 * Why a request that has come through an `http in` must not change anything; undefined when it may, and for messages
 * from elsewhere. The product guards its routes itself. In somebody's own Node-RED `httpNodeAuth` does, and then
 * browsers send its password along with requests of any page: so the page must be one of this address.
 */
export function routeRefusal(RED: NodeAPI, { req }: AnyMessage): RouteRefusal | undefined {
  if (!req || productSettings(RED).product === true) return undefined;
  if (RED.settings.httpNodeAuth === undefined) {
    const message =
      "This is closed here, because nothing asks for a password: set httpNodeAuth in Node-RED's settings.";
    return { code: "not_guarded", message };
  }
  const { headers } = req as Pick<IncomingMessage, "headers">;
  if ((headers.origin ?? headers.referer) === undefined || isSameOrigin({ headers })) return undefined;
  return {
    code: "wrong_origin",
    message: "A page of another address sent this request (Origin or Referer).",
  };
}
