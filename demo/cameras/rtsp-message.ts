/** The status codes that the simulated camera gives (RFC 2326 section 7.1.1). */
export const STATUS_TEXTS = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  413: "Request Entity Too Large",
  451: "Parameter Not Understood",
  454: "Session Not Found",
  455: "Method Not Valid In This State",
  459: "Aggregate Operation Not Allowed",
  461: "Unsupported Transport",
  501: "Not Implemented",
  505: "RTSP Version Not Supported",
  551: "Option not supported",
} as const;

/** One request of RFC 2326. Header names are in lower case. */
export interface RtspRequest {
  method: string;
  /** As it stands in the request line. */
  uri: string;
  headers: ReadonlyMap<string, string>;
  body: string;
}

export interface RtspResponse {
  status: keyof typeof STATUS_TEXTS;
  headers?: Record<string, string | string[]>;
  body?: string;
}

/** The request cannot be read, and with it all that follows on its connection. */
export class RtspSyntaxError extends Error {
  constructor(readonly status: 400 | 413 | 505) {
    super(STATUS_TEXTS[status]);
  }
}

const MOST_HEAD_BYTES = 8192;
const MOST_BODY_BYTES = 16_384;
const DOLLAR = 0x24;

/**
 * Takes requests out of the bytes of one connection: several in one chunk, one in several chunks, and RTCP frames
 * (RFC 2326 section 10.12) in between, which are skipped.
 */
export class RtspRequestReader {
  private buffer: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
  }

  /** @throws RtspSyntaxError */
  next(): RtspRequest | undefined {
    if (!this.skipFrames()) return undefined;
    const text = this.buffer.toString("latin1", 0, MOST_HEAD_BYTES);
    const end = /\r?\n\r?\n/.exec(text);
    if (!end) {
      if (this.buffer.length >= MOST_HEAD_BYTES) throw new RtspSyntaxError(413);
      return undefined;
    }
    const request = parseHead(text.slice(0, end.index));
    const length = bodyLength(request.headers);
    const bodyStart = end.index + end[0].length;
    if (this.buffer.length < bodyStart + length) return undefined;
    const body = this.buffer.toString("utf8", bodyStart, bodyStart + length);
    this.buffer = this.buffer.subarray(bodyStart + length);
    return { ...request, body };
  }

  /** @returns false while a frame is incomplete. Empty lines before a request are no fault (RFC 2616 section 4.1). */
  private skipFrames(): boolean {
    let at = 0;
    while (at < this.buffer.length) {
      const byte = this.buffer[at];
      if (byte === 0x0d || byte === 0x0a) at += 1;
      else if (byte !== DOLLAR) break;
      else if (at + 4 > this.buffer.length) break;
      else if (at + 4 + this.buffer.readUInt16BE(at + 2) > this.buffer.length) break;
      else at += 4 + this.buffer.readUInt16BE(at + 2);
    }
    this.buffer = this.buffer.subarray(at);
    return this.buffer.length > 0 && this.buffer[0] !== DOLLAR;
  }
}

function parseHead(text: string): Omit<RtspRequest, "body"> {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const start = /^([A-Za-z_]{1,32}) (\S+) RTSP\/(\d+\.\d+)$/.exec(first);
  if (!start) throw new RtspSyntaxError(400);
  if (start[3] !== "1.0") throw new RtspSyntaxError(505);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = /^([!#$%&'*+.^`|~\w-]+)[ \t]*:(.*)$/.exec(line);
    if (!field) throw new RtspSyntaxError(400);
    headers.set((field[1] as string).toLowerCase(), (field[2] as string).trim());
  }
  return { method: start[1] as string, uri: start[2] as string, headers };
}

function bodyLength(headers: ReadonlyMap<string, string>): number {
  const value = headers.get("content-length") ?? "0";
  if (!/^\d{1,10}$/.test(value)) throw new RtspSyntaxError(400);
  const length = Number(value);
  if (length > MOST_BODY_BYTES) throw new RtspSyntaxError(413);
  return length;
}

/** @param cseq of the request, which the answer repeats; undefined when it had none */
export function formatResponse(response: RtspResponse, cseq: string | undefined): Buffer {
  const lines = [`RTSP/1.0 ${response.status} ${STATUS_TEXTS[response.status]}`];
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`);
  lines.push("Server: StreamPulse simulated camera");
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    for (const each of [value].flat()) lines.push(`${name}: ${each}`);
  }
  const body = Buffer.from(response.body ?? "");
  if (body.length > 0) lines.push(`Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}
