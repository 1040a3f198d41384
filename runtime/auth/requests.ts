import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";

export { isSameOrigin } from "../../common/same-origin";

/** What requests tell about who sends them, and how far that can be believed. */

export const SESSION_COOKIE = "streampulse_session";
const MOST_COOKIE_CHARACTERS = 8192;
const LONGEST_SECONDS = 30 * 24 * 3600;

type Request = Pick<IncomingMessage, "headers" | "socket" | "method">;

/** The value of the session cookie. */
export function sessionCookie(request: Request): string | undefined {
  const header = request.headers.cookie ?? "";
  if (header.length > MOST_COOKIE_CHARACTERS) return undefined;
  for (const part of header.split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return undefined;
}

/** Takes login secrets out of a request before a flow sees it, since flows show messages in the editor's sidebar. */
export function hideCredentials(request: IncomingMessage): void {
  const { headers } = request;
  delete headers.authorization;
  const kept = (headers.cookie ?? "")
    .split(";")
    .filter((part) => part.trim() !== "" && part.trim().split("=", 1)[0] !== SESSION_COOKIE);
  if (kept.length > 0) headers.cookie = kept.join(";").trim();
  else delete headers.cookie;
  request.rawHeaders = request.rawHeaders.filter((_, index, all) => {
    const name = all[index - (index % 2)]?.toLowerCase();
    return name !== "authorization" && name !== "cookie";
  });
}

/** RFC 6750, section 2.1. */
export function bearerToken(request: Request): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,500}) *$/i.exec(request.headers.authorization ?? "")?.[1];
}

/**
 * The Set-Cookie line for a session that begins, or ends when there is no secret. The server judges when a session is
 * over; the browser forgets it after the longest time.
 */
export function sessionCookieLine(secret: string | undefined, secure: boolean): string {
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  return `${SESSION_COOKIE}=${secret ?? ""}; Max-Age=${secret ? LONGEST_SECONDS : 0}${attributes}`;
}

export function isSecure(request: Request, trustProxy: boolean): boolean {
  if ((request.socket as Partial<TLSSocket>).encrypted) return true;
  return trustProxy && lastEntry(request.headers["x-forwarded-proto"]) === "https";
}

/** Behind a proxy that is trusted, the address that it added last; what stands before it the client may have invented. */
export function clientAddress(request: Request, trustProxy: boolean): string | undefined {
  const forwarded = trustProxy ? lastEntry(request.headers["x-forwarded-for"]) : undefined;
  return forwarded ?? request.socket.remoteAddress;
}

function lastEntry(header: string | string[] | undefined): string | undefined {
  return header?.toString().split(",").at(-1)?.trim().toLowerCase() || undefined;
}

export function isWrite(request: Request): boolean {
  return request.method !== "GET" && request.method !== "HEAD";
}
