import { QUERIES, type Query } from "../../contracts";
import type { Body, LiveStatus } from "./live-status";

/** An answer as an `http response` node sends it. */
export interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  payload: Buffer | string;
}

export interface Question {
  /** One of QUERIES; it may come from a message, so anything else is answered too. */
  query: unknown;
  /** Which stream, for the query `stream`. */
  name?: unknown;
  /** What stands behind the question mark of the request. */
  parameters?: unknown;
  /** The request's If-None-Match. */
  ifNoneMatch?: unknown;
}

const HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
};
const MOST_SHOWN = 200;

/** Answers from memory; undefined for a query that only the history can answer. */
export function answerQuery(live: LiveStatus, { query, name, ifNoneMatch }: Question): Answer | undefined {
  if (!isQuery(query)) {
    const shown = typeof query === "string" ? `"${query.slice(0, MOST_SHOWN)}"` : "that";
    return failure(400, "unknown_query", `There is no query ${shown}: ask for ${QUERIES.join(", ")}.`);
  }
  if (query !== "status" && query !== "streams" && query !== "stream") return undefined;
  const body = query === "stream" ? bodyOfStream(live, name) : bodyOfAll(live, query);
  if (!("etag" in body)) return body;
  return answerBody(body.bytes, body.etag, ifNoneMatch);
}

export function answerBody(
  bytes: Buffer,
  etag: string,
  ifNoneMatch: unknown,
  contentType = HEADERS["content-type"],
): Answer {
  const headers = { ...HEADERS, "content-type": contentType, etag };
  if (matches(ifNoneMatch, etag)) return { statusCode: 304, headers, payload: "" };
  return { statusCode: 200, headers, payload: bytes };
}

export function failure(statusCode: number, code: string, message: string): Answer {
  return { statusCode, headers: HEADERS, payload: JSON.stringify({ error: { code, message } }) };
}

function bodyOfAll(live: LiveStatus, query: "status" | "streams"): Body {
  return query === "status" ? live.statusBody() : live.streamsBody();
}

function bodyOfStream(live: LiveStatus, name: unknown): Body | Answer {
  if (typeof name !== "string" || name === "") {
    return failure(
      400,
      "stream_missing",
      "Say which stream: as msg.req.params.name, msg.stream or msg.payload.",
    );
  }
  const shown = name.slice(0, MOST_SHOWN);
  return (
    live.streamBody(name) ?? failure(404, "stream_not_found", `No stream is named ${JSON.stringify(shown)}.`)
  );
}

function isQuery(query: unknown): query is Query {
  return (QUERIES as readonly unknown[]).includes(query);
}

/** RFC 9110 §13.1.2: a list of tags, compared weakly, or a star. */
function matches(ifNoneMatch: unknown, etag: string): boolean {
  if (typeof ifNoneMatch !== "string") return false;
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
