import type { NodeAPI } from "node-red";
import { productSettings } from "../../common/node-red";

const NOT_GUARDED =
  "Changes are refused here, because nothing asks who opens this dashboard: set dashboard.ioMiddleware in Node-RED's settings.";

/**
 * Why a widget may change nothing, in a sentence; null when it may. In the product the dashboard's socket is behind
 * the login. Elsewhere only `dashboard.ioMiddleware` guards it: Dashboard lets sockets pass `httpNodeAuth`.
 */
export function writeRefusal(RED: NodeAPI): string | null {
  if (productSettings(RED).product === true) return null;
  const { dashboard } = RED.settings as unknown as { dashboard?: { ioMiddleware?: unknown } };
  const guard = dashboard?.ioMiddleware;
  const isGuarded = typeof guard === "function" || (Array.isArray(guard) && guard.length > 0);
  return isGuarded ? null : NOT_GUARDED;
}
