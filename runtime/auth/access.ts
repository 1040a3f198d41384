import type { IncomingMessage } from "node:http";
import type { Route } from "../http/routes";
import type { Account } from "./account";
import { bearerToken, isSameOrigin, isWrite, sessionCookie } from "./requests";

/** On whose behalf a request goes to a flow. Nodes read it as `msg.req.streampulseAccess`; no client can set it. */
export type Access = "anybody" | "session" | "token";

export interface GuardedRequest extends IncomingMessage {
  streampulseAccess?: Access;
}

export type Permission =
  | {
      ok: true;
      access: Access;
      /** Lasting name of the session. */
      session?: string;
      /** Id of the token. */
      token?: string;
    }
  | { ok: false; status: 401 | 403; code: string; message: string };

/**
 * Decides whether a request may take a route: one rule for all three listeners. A socket is for sessions only. Whether
 * it is a page of this host that opens one, its door has to ask: a browser tells so of WebSockets only.
 */
export function permit(account: Account, request: IncomingMessage, route: Route): Permission {
  if (account.setupNeeded && route.access === "account") {
    return refuse(403, "setup_needed", "Choose a password on the set-up page first.");
  }
  // what a page sends over its socket may write, and no page opens it with a token
  const isSocket = route.to === "socket";
  const token = isSocket ? undefined : bearerToken(request);
  const rights = token === undefined ? undefined : account.tokenRights(token);
  if (token !== undefined && rights !== undefined) {
    if (rights === "write" || !isWrite(request))
      return { ok: true, access: "token", token: account.tokens.idOf(token) };
    return refuse(403, "read_only", "This token may only read. Make one that may write after login.");
  }
  const secret = sessionCookie(request);
  const session = secret === undefined ? undefined : account.sessions.use(secret);
  if (session !== undefined) {
    if (!isWrite(request) || isSameOrigin(request)) return { ok: true, access: "session", session };
    return refuse(403, "wrong_origin", "A page of another address sent this request (Origin or Referer).");
  }
  // on Node-RED's own port the same path may be written to
  const isPublic = route.access === "public" && !isWrite(request) && !account.apiNeedsToken;
  if (route.access === "open" || isPublic) return { ok: true, access: "anybody" };
  const message = isSocket
    ? "Sign in: this is for people, and takes no API token."
    : "Sign in, or send Authorization: Bearer with an API token.";
  return refuse(401, "login_needed", message);
}

function refuse(status: 401 | 403, code: string, message: string): Permission {
  return { ok: false, status, code, message };
}
