import type { IncomingMessage } from "node:http";

/**
 * True when a page of this very host sent the request. A browser sends a stranger's page's cookies too, but it always
 * says whose page it was: in Origin, or in Referer.
 */
export function isSameOrigin(request: Pick<IncomingMessage, "headers">): boolean {
  const { host, origin, referer } = request.headers;
  const source = origin ?? referer;
  if (!host || !source) return false;
  try {
    const url = new URL(source);
    if (url.protocol !== "http:" && url.protocol !== "https:") return false;
    // drops a default port on both sides
    return url.host === new URL(`${url.protocol}//${host}`).host;
  } catch {
    return false;
  }
}
