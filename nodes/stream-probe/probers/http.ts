import type { StreamUrl } from "../../../common/stream-url";
import type { Reason } from "../../../contracts/reasons";
import { Connection } from "./connection";
import { Failure, LocalFailure } from "./failure";
import type { Network } from "./network";
import { ProbeRun, type Verdict } from "./probe-run";
import type { ProbeRequest, Prober } from "./prober";
import { header, printable, WireReader, type Head } from "./wire-reader";

const MOST_BYTES = 512 * 1024;

/**
 * HTTP video of any kind (MJPEG, HLS, progressive): GET, because many cameras refuse HEAD, with credentials when the
 * camera asks, until the first bytes of the body show whether it is video.
 */
export const httpProber: Prober = {
  async probe(request: ProbeRequest, network: Network) {
    const run = new ProbeRun(request, network);
    try {
      return run.result(await get(run, request));
    } finally {
      await run.end();
    }
  },
};

async function get(run: ProbeRun, request: ProbeRequest): Promise<Verdict | Failure | LocalFailure> {
  let { url } = request;
  for (;;) {
    const connection = await run.connect(url);
    if (!(connection instanceof Connection)) return connection;
    const reader = new WireReader(connection, MOST_BYTES);
    connection.write(requestFor(url, run.authorization(url, "GET", url.path)));
    run.requested("no answer");
    const head = await finalHead(reader);
    if (head instanceof Failure || head instanceof LocalFailure) return head;
    run.answered();
    if (isRedirect(head.status)) {
      const target = run.redirected(head, url);
      if (target instanceof Failure) return target;
      url = target;
    } else if (head.status === 401) {
      if (!run.mayAuthorize(head, url)) return run.unauthorized("HTTP 401");
    } else {
      return verdictOn(head, reader, run);
    }
  }
}

function requestFor(url: StreamUrl, authorization: string | undefined): string {
  // the default port is left out as browsers do: some cameras compare the header to their own name
  const host = url.origin.slice(url.scheme.length + 3);
  return (
    `GET ${url.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: StreamPulse\r\nAccept: */*\r\nConnection: close\r\n` +
    `${authorization === undefined ? "" : `Authorization: ${authorization}\r\n`}\r\n`
  );
}

/** Informational answers (RFC 9110 §15.2) stand before the real one. */
async function finalHead(reader: WireReader): Promise<Head | Failure | LocalFailure> {
  for (;;) {
    const head = await reader.head("HTTP");
    if (head instanceof Failure || head instanceof LocalFailure || head.status >= 200) return head;
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

async function verdictOn(
  head: Head,
  reader: WireReader,
  run: ProbeRun,
): Promise<Verdict | Failure | LocalFailure> {
  const status = `HTTP ${head.status}`;
  const reason = reasonOf(head.status);
  if (reason !== "ok") return new Failure(reason, status);
  run.await(`${status}, but no data`, "no_media");
  while (firstBytes(head, reader.pending).length < 8) {
    const more = await reader.more();
    if (more === true) continue;
    if (more === false) break;
    // what has come by the deadline may be enough to tell
    if (more instanceof LocalFailure || more.reason !== "no_media" || reader.pending.length === 0)
      return more;
    break;
  }
  const body = firstBytes(head, reader.pending);
  if (body.length === 0) return new Failure("no_media", `${status}, but no data`);
  const wrong = notVideo(header(head, "content-type") ?? "", body);
  return wrong
    ? new Failure(wrong.reason, `${status}, but ${wrong.found}`)
    : { reason: "ok", message: status };
}

function reasonOf(status: number): Reason {
  if (status < 300) return "ok";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "wrong_path";
  return status >= 500 ? "server_error" : "protocol_error";
}

/** The body as far as it has come, without the size line of a first chunk (RFC 9112 §7.1). */
function firstBytes(head: Head, pending: Buffer): Buffer {
  if (!/chunked/i.test(header(head, "transfer-encoding") ?? "")) return pending;
  const sizeLine = /^[0-9A-Fa-f]+[^\n]{0,200}\n/.exec(pending.toString("latin1", 0, 256));
  return sizeLine ? pending.subarray(sizeLine[0].length) : Buffer.alloc(0);
}

/** What the body is, where it is no video: a content type alone is often wrong, so the bytes have the last word. */
function notVideo(contentType: string, body: Buffer): { reason: Reason; found: string } | undefined {
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const text = body.toString("latin1", 0, 64);
  if (/^\s*(<!doctype html|<html|<head|<body)/i.test(text)) {
    const playlist = /mpegurl/.test(type);
    return { reason: "not_a_stream", found: playlist ? "playlist is HTML" : "it is a web page" };
  }
  if (/mpegurl/.test(type)) {
    return /^(\u00ef\u00bb\u00bf)?#EXTM3U/.test(text)
      ? undefined
      : { reason: "not_a_stream", found: `playlist begins with ${printable(body)}` };
  }
  if (/^(multipart\/|video\/|image\/)/.test(type) || looksLikeVideo(body, text)) return undefined;
  if (type.startsWith("audio/")) return { reason: "no_video", found: `it is ${type.slice(0, 40)}` };
  return { reason: "not_a_stream", found: `it is ${type === "" ? printable(body) : type.slice(0, 60)}` };
}

/** JPEG, a multipart boundary, a playlist, MP4, MPEG-TS, Matroska, FLV, Ogg, AVI. */
function looksLikeVideo(body: Buffer, text: string): boolean {
  return (
    (body[0] === 0xff && body[1] === 0xd8) ||
    /^(\r?\n)?--/.test(text) ||
    text.startsWith("#EXTM3U") ||
    ["ftyp", "styp", "moov", "moof"].includes(text.slice(4, 8)) ||
    body[0] === 0x47 ||
    body.subarray(0, 4).toString("hex") === "1a45dfa3" ||
    /^(FLV|OggS|RIFF)/.test(text)
  );
}
