import type { Connection } from "./connection";
import { Failure, type LocalFailure } from "./failure";

/** No camera needs more than this before its answer is complete. */
export const MOST_HEAD_BYTES = 64 * 1024;
const MOST_HEADERS = 200;

/** Status line and headers of RTSP (RFC 2326 §7) and HTTP (RFC 9112 §4), which share their grammar. */
export interface Head {
  status: number;
  /** By lower-case name; several headers of one name stand behind each other. */
  headers: Map<string, string[]>;
}

export function header(head: Head, name: string): string | undefined {
  return head.headers.get(name)?.[0];
}

/** Pulls heads and bodies out of a connection, within limits, whatever pieces they come in. */
export class WireReader {
  private buffer: Buffer = Buffer.alloc(0);
  private total = 0;

  /** @param mostBytes all that this probe will read */
  constructor(
    private readonly connection: Connection,
    private readonly mostBytes: number,
  ) {}

  /** What has arrived and was not taken yet. */
  get pending(): Buffer {
    return this.buffer;
  }

  take(bytes: number): Buffer {
    const taken = this.buffer.subarray(0, bytes);
    this.buffer = this.buffer.subarray(bytes);
    return taken;
  }

  /** Waits for more bytes. @returns false at the end of the connection */
  async more(): Promise<boolean | Failure | LocalFailure> {
    return (await this.moreWithin()) ?? false;
  }

  /** As `more`, but undefined when nothing came for `waitMs`. */
  async moreWithin(waitMs?: number): Promise<boolean | undefined | Failure | LocalFailure> {
    const chunk = await this.connection.read(waitMs);
    if (chunk === null) return false;
    if (chunk === undefined) return undefined;
    if (!Buffer.isBuffer(chunk)) return chunk;
    this.total += chunk.length;
    if (this.total > this.mostBytes) {
      return new Failure(
        "too_large",
        `more than ${Math.floor(this.mostBytes / 1024)} KiB without a complete answer`,
      );
    }
    this.buffer = this.buffer.length === 0 ? chunk : Buffer.concat([this.buffer, chunk]);
    return true;
  }

  /** At least so many bytes, or why not. */
  async need(bytes: number, what: string): Promise<Failure | LocalFailure | undefined> {
    while (this.buffer.length < bytes) {
      const more = await this.more();
      if (more === false) return new Failure("connection_closed", `connection closed within ${what}`);
      if (more !== true) return more;
    }
    return undefined;
  }

  /** The next status line with its headers. @param protocol RTSP or HTTP, which the answer must begin with */
  async head(protocol: "RTSP" | "HTTP"): Promise<Head | Failure | LocalFailure> {
    const text = await this.headText((bytes) => looksLike(bytes, protocol), protocol);
    if (typeof text !== "string") return text;
    return parseHead(text) ?? this.notUnderstood(protocol, Buffer.from(text, "latin1"));
  }

  /** The headers of a request that the camera sends. */
  async requestHead(): Promise<Head | Failure | LocalFailure> {
    const text = await this.headText(() => true, "RTSP");
    return typeof text === "string"
      ? { status: 0, headers: parseHeaders(text.split(/\r?\n/).slice(1)) }
      : text;
  }

  /** What a host that the user never named has said is not for the public status: a camera could fetch it for others. */
  private notUnderstood(protocol: string, bytes: Buffer): Failure {
    const found = this.connection.isForeign ? `from ${this.connection.peer}` : printable(bytes);
    return new Failure("protocol_error", `answer is not ${protocol}: ${found}`);
  }

  private async headText(
    expected: (bytes: Buffer) => boolean,
    protocol: "RTSP" | "HTTP",
  ): Promise<string | Failure | LocalFailure> {
    let searched = 0;
    for (;;) {
      if (this.buffer.length > 0 && !expected(this.buffer)) {
        return this.notUnderstood(protocol, this.buffer);
      }
      const end = endOfHead(this.buffer, searched);
      if (end > 0) return this.take(end).toString("latin1");
      searched = Math.max(0, this.buffer.length - 3);
      if (this.buffer.length > MOST_HEAD_BYTES) {
        return new Failure("too_large", `headers longer than ${MOST_HEAD_BYTES / 1024} KiB`);
      }
      const more = await this.more();
      if (more === true) continue;
      if (more !== false) return more;
      return this.buffer.length === 0
        ? new Failure("connection_closed", `connection closed by ${this.connection.peer} without an answer`)
        : new Failure("connection_closed", "connection closed within the headers");
    }
  }
}

/** True as long as the bytes can still become `PROTOCOL/1.0 …`, or `ICY 200 OK`, with which SHOUTcast's heirs answer. */
function looksLike(buffer: Buffer, protocol: string): boolean {
  const text = buffer.toString("latin1", 0, protocol.length + 1).toUpperCase();
  return `${protocol}/`.startsWith(text) || (protocol === "HTTP" && "ICY ".startsWith(text.slice(0, 4)));
}

/** Where the empty line ends; 0 when it has not come. Lines may end in CRLF or, against the RFCs, in LF alone. */
function endOfHead(buffer: Buffer, from: number): number {
  for (let at = buffer.indexOf(10, from); at >= 0; at = buffer.indexOf(10, at + 1)) {
    if (buffer[at + 1] === 10) return at + 2;
    if (buffer[at + 1] === 13 && buffer[at + 2] === 10) return at + 3;
  }
  return 0;
}

/** @returns undefined for what has no status line */
function parseHead(text: string): Head | undefined {
  const lines = text.split(/\r?\n/);
  const status = /^(?:[A-Za-z]+\/[\d.]+|ICY)\s+(\d{3})(?!\d)/i.exec(lines[0] ?? "");
  return status ? { status: Number(status[1]), headers: parseHeaders(lines.slice(1)) } : undefined;
}

function parseHeaders(lines: string[]): Head["headers"] {
  const headers: Head["headers"] = new Map();
  let last: string[] | undefined;
  let count = 0;
  for (const line of lines) {
    if (line === "" || ++count > MOST_HEADERS) break;
    if (/^[ \t]/.test(line) && last) {
      // obsolete line folding (RFC 2616 §2.2), still met
      last[last.length - 1] += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    last = headers.get(name) ?? [];
    last.push(line.slice(colon + 1).trim());
    headers.set(name, last);
  }
  return headers;
}

/** The first bytes of an answer as evidence in a message: printable, short. */
export function printable(bytes: Buffer): string {
  const text = bytes.toString("latin1", 0, 40).replace(/[^\x20-\x7e]+/g, "·");
  return JSON.stringify(text);
}
