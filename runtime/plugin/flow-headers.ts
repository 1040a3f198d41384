import type { ServerResponse } from "node:http";
import type { Route } from "../http/routes";

/** What of the flows decides what their pages may do. */
export interface FlowFacts {
  /** Where the dashboard has a page of streams: `/dashboard/streams`. */
  streamsPage?: string;
  settingsPage?: string;
  /** A `ui-template` compiles what its author wrote, in the browser. */
  hasTemplates: boolean;
}

const SHARED = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
};
/** Data. A picture that is opened alone is a page of the browser's own, with a style of its own. */
const DATA_POLICY =
  "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'";

/**
 * Sets what every answer of a flow carries, before the flow makes it; what the flow sets itself wins. The dashboard's
 * page may load from this address only, and run no text as a program, unless somebody has put a ui-template on it.
 */
export function setFlowHeaders(response: ServerResponse, route: Route, path: string, facts: FlowFacts): void {
  for (const [name, value] of Object.entries(SHARED)) response.setHeader(name, value);
  const isPage = route.to === "flow" && /^\/dashboard(?:\/|$)/.test(path);
  response.setHeader("Content-Security-Policy", isPage ? pagePolicy(facts) : DATA_POLICY);
}

function pagePolicy({ hasTemplates }: FlowFacts): string {
  return [
    "default-src 'self'",
    `script-src 'self'${hasTemplates ? " 'unsafe-eval' 'unsafe-inline'" : ""}`,
    // Vue and Vuetify set styles on elements
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'self'",
  ].join("; ");
}
