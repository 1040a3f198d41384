import { parseStreamUrl } from "../../common/stream-url";
import { stateOf, type Reason } from "../../contracts/reasons";
import { STATE_CODES } from "./codes";

/** What the rows of a v2.2 database mean (compat notes of v2.2: its names of tables, its messages, its times). */

/**
 * v2.2's table for a stream's name, without `log_`: everything but letters, digits and `_` becomes `_`, so that two
 * names may share a table. SQLite compares names of tables without case, but only in ASCII.
 */
export function v22TableKey(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}_]/gu, "_");
  return asciiLowerCase(/^[\p{L}_]/u.test(safe) ? safe : `t_${safe}`);
}

export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(?:(Z)|([+-])(\d\d):?(\d\d)(?::?(\d\d))?)?$/;

/**
 * Epoch milliseconds of a v2.2 time, which carries the offset that was in force when it was written; without one it is
 * taken for UTC. Undefined for anything else.
 */
export function v22Time(text: unknown): number | undefined {
  const match = typeof text === "string" ? ISO.exec(text) : null;
  if (!match) return undefined;
  const [, day, time, fraction = "", , sign, hours, minutes, seconds] = match;
  const local = Date.parse(`${day}T${time}${fraction.slice(0, 4)}Z`);
  const offset = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  const at = local - (sign === "-" ? -offset : offset) * 1000;
  return Number.isFinite(at) && at >= 0 ? at : undefined;
}

const OK_MESSAGES: Record<string, Reason> = {
  "RTSP 401 Unauthorized": "auth_required",
  "RTSP 403 Forbidden": "forbidden",
  "RTSP 404 Not Found": "wrong_path",
  "RTSP 454 Session Not Found": "session_limit",
};
const FAIL_MESSAGES: [RegExp, Reason][] = [
  [/^timeout|timed out/i, "timeout"],
  [/^HTTP 401/, "auth_required"],
  [/^HTTP 403/, "forbidden"],
  [/^HTTP (404|410)/, "wrong_path"],
  [/^HTTP 5/, "server_error"],
  [/^HTTP /, "not_a_stream"],
  [/refused|Errno (111|10061)\b/i, "connect_refused"],
  [/unreachable|no route|Errno (101|113)\b/i, "unreachable"],
  [/name or service|name resolution|getaddrinfo|Errno -\d/i, "dns_failed"],
  [/reset|closed|broken pipe|Errno (32|104)\b/i, "connection_closed"],
  [/ssl|tls|certificate/i, "tls_failed"],
];

export interface V22Verdict {
  reason: Reason;
  /** One of STATE_CODES. */
  state: number;
  ok: 0 | 1;
}

/** The reason that says best what v2.2 saw. */
export function v22Verdict(status: unknown, message: string): V22Verdict {
  const reason: Reason =
    status === "ok"
      ? (OK_MESSAGES[message] ?? "ok")
      : (FAIL_MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? "server_error");
  return { reason, state: STATE_CODES[stateOf(reason)], ok: status === "ok" ? 1 : 0 };
}

const ADDRESS = /(["'`]?)([A-Za-z][A-Za-z0-9+.-]{0,30}):\/\//;
const MOST_TEXT = 500;

/**
 * v2.2 wrote errors as they came, and a library's error may name the whole URL: scheme and host are kept of it. In it
 * may be anything that people took for a password, so that it ends at the last quote, or with the message.
 */
export function withoutCredentials(message: string): string {
  let text = "";
  let rest = message;
  for (let found = ADDRESS.exec(rest); found; found = ADDRESS.exec(rest)) {
    const [start, quote = "", scheme = ""] = found;
    const from = found.index + start.length;
    const end = quote === "" ? -1 : rest.lastIndexOf(quote);
    const address = rest.slice(from, end < from ? undefined : end);
    text += rest.slice(0, found.index) + quote + schemeAndHost(scheme, address);
    rest = end < from ? "" : rest.slice(end);
  }
  return (text + rest).slice(0, MOST_TEXT);
}

/** @param address what follows the scheme, and maybe other words after it */
function schemeAndHost(scheme: string, address: string): string {
  const at = address.lastIndexOf("@");
  const end = address.search(/[/?#]/);
  // an @ behind a slash may end a password, so that what looks like the host may be a part of it
  const isClear = end < 0 || at < end;
  const [host = ""] = address.slice(at + 1).split(/[/?#\s]/, 1);
  try {
    if (isClear) return parseStreamUrl(`${scheme}://${host.replace(/[:.,;]+$/, "")}`).origin;
  } catch {
    // no host that could be told
  }
  return `${scheme}://…`;
}
