import { v22Status } from "../../contracts";
import type { ZonedTime } from "../../common/zoned-time";
import type { StreamEntry } from "./stream-entry";

/** Writes one stream as the API's answers hold it, as text: a name such as `__proto__` or `1` is never an object's key. */

/**
 * One member of `GET /api/status`, as v2.2's Flask wrote it: keys sorted, no spaces, non-ASCII escaped.
 * @param strict everything that is not up is `fail`
 */
export function renderStatusEntry(stream: StreamEntry, zone: ZonedTime, strict: boolean): string {
  const { last, protocol, reason, since, state } = stream;
  const latency = last?.latencyMs == null ? "null" : String(Math.round(last.latencyMs));
  const message = pythonString(last ? last.message : "no data yet");
  const status = last ? v22Status(last.reason, protocol, strict) : "";
  const reasonText = reason === null ? "null" : `"${reason}"`;
  const sinceText = since === null ? "" : zone.format(since);
  const ts = last ? zone.format(last.at) : "";
  return (
    `${stream.quotedName}:{"latency":${latency},"message":${message},"reason":${reasonText},` +
    `"since":"${sinceText}","state":"${state}","status":"${status}","ts":"${ts}"}`
  );
}

/** One member of `GET /api/streams`. */
export function renderStream(stream: StreamEntry): string {
  const { id, name, state, reason, since, media, group, tags, enabled, url, flapping, flaps } = stream;
  return JSON.stringify({
    id,
    name,
    state,
    reason,
    since,
    last: renderedLast(stream.last),
    media,
    // only while it flaps
    flapping,
    flaps,
    group: group ?? null,
    tags,
    enabled,
    url,
  });
}

/** Without the stream's name, which stands beside it. */
function renderedLast(last: StreamEntry["last"]): object | null {
  if (!last) return null;
  const { at, state, reason, message, latencyMs, timings, level } = last;
  return { at, state, reason, message, latencyMs, timings, level };
}

/** A JSON string as Python's json writes it: everything outside printable ASCII as \u and four lower-case digits. */
export function pythonString(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
