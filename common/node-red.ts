import type { IncomingMessage } from "node:http";
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
  return { code: "wrong_origin", message: "A page of another address sent this request (Origin or Referer)." };
}
