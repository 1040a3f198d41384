import type { Reason } from "../../contracts/reasons";
import type { StreamUrl } from "../stream-url";
import { Connection } from "./connection";
import { Failure, LocalFailure } from "./failure";
import { HttpBody } from "./http-body";
import type { Visit } from "./visit";
import { WireReader, type Head } from "./wire-reader";

/** How much is read of one answer. */
export interface HttpLimits {
  bytes: number;
  /** Each costs more work than its bytes. */
  chunks: number;
}

/** A picture of many megapixels has 20 MiB, and none comes in more chunks. */
const ONE_PICTURE: HttpLimits = { bytes: 32 * 1024 * 1024, chunks: 65_536 };
/** For who looks at each piece and keeps none. */
export const ENDLESS: HttpLimits = { bytes: Infinity, chunks: Infinity };
const MOST_INFORMATIONAL = 10;

export interface HttpAnswer {
  /** Where it came from, after redirects. */
  url: StreamUrl;
  head: Head;
  body: HttpBody;
}

/** A resource that the stream consists of besides the one that its URL names. */
export interface Resource {
  /** As messages call it: "segment". */
  name: string;
  /** What of it is wanted, as a Range header says it: `bytes=0-99`. */
  range?: string;
}

/**
 * Asks by GET, because many cameras refuse HEAD, follows redirects, and answers to a 401 where that can help.
 * @param resource none for the stream's own URL
 */
export async function httpGet(
  visit: Visit,
  first: StreamUrl,
  resource?: Resource,
  limits = ONE_PICTURE,
): Promise<HttpAnswer | Failure | LocalFailure> {
  const answer = await request(visit, first, resource, limits);
  // the visit's own words on a resource that did not come name it already
  if (!(answer instanceof Failure) || !resource || answer.reason === "no_media") return answer;
  return new Failure(answer.reason, `${resource.name}: ${answer.message}`);
}

async function request(
  visit: Visit,
  first: StreamUrl,
  resource: Resource | undefined,
  limits: HttpLimits,
): Promise<HttpAnswer | Failure | LocalFailure> {
  let url = first;
  if (resource) {
    visit.nextResource();
    visit.await(`no ${resource.name}`, "no_media");
  }
  for (;;) {
    const connection = await visit.connect(url);
    if (!(connection instanceof Connection)) return connection;
    const reader = new WireReader(connection, limits.bytes);
    connection.write(requestText(url, visit.authorization(url, "GET", url.path), resource?.range));
    if (!resource) visit.requested("no answer");
    const head = await finalHead(reader);
    if (head instanceof Failure || head instanceof LocalFailure) return head;
    visit.answered();
    if (isRedirect(head.status)) {
      const target = visit.redirected(head, url);
      if (target instanceof Failure) return target;
      url = target;
    } else if (head.status !== 401) {
      return { url, head, body: new HttpBody(reader, head, limits.chunks) };
    } else if (!visit.mayAuthorize(head, url)) {
      return visit.unauthorized("HTTP 401");
    }
  }
}

/** The reason that a status gives; `wrong_path` is about the stream's own URL only. */
export function httpReason(status: number): Reason {
  if (status < 300) return "ok";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "wrong_path";
  return status >= 500 ? "server_error" : "protocol_error";
}

function requestText(url: StreamUrl, authorization: string | undefined, range: string | undefined): string {
  // the default port is left out as browsers do: some cameras compare the header to their own name
  const host = url.origin.slice(url.scheme.length + 3);
  return (
    `GET ${url.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: StreamPulse\r\nAccept: */*\r\nConnection: close\r\n` +
    `${range === undefined ? "" : `Range: ${range}\r\n`}` +
    `${authorization === undefined ? "" : `Authorization: ${authorization}\r\n`}\r\n`
  );
}

/** Informational answers (RFC 9110 §15.2) stand before the real one. */
async function finalHead(reader: WireReader): Promise<Head | Failure | LocalFailure> {
  for (let informational = 0; informational <= MOST_INFORMATIONAL; informational++) {
    const head = await reader.head("HTTP");
    if (head instanceof Failure || head instanceof LocalFailure || head.status >= 200) return head;
  }
  return new Failure("protocol_error", `more than ${MOST_INFORMATIONAL} informational answers`);
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}
