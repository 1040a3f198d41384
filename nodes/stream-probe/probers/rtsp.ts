import type { StreamUrl } from "../../../common/stream-url";
import type { Reason } from "../../../contracts/reasons";
import { Connection } from "./connection";
import { Failure, LocalFailure } from "./failure";
import type { Network } from "./network";
import { ProbeRun, type Verdict } from "./probe-run";
import type { ProbeRequest, Prober } from "./prober";
import { parseSdp } from "./sdp";
import { header, printable, WireReader, type Head } from "./wire-reader";

/** All that one probe reads, interleaved frames included. */
const MOST_BYTES = 1024 * 1024;
/** A session description longer than this is none. */
const MOST_SDP_BYTES = 256 * 1024;

/** RTSP 1.0 (RFC 2326): DESCRIBE, with credentials when the camera asks, until its session description is understood. */
export const rtspProber: Prober = {
  async probe(request: ProbeRequest, network: Network) {
    const run = new ProbeRun(request, network);
    try {
      return run.result(await describe(run, request.url));
    } finally {
      run.end();
    }
  },
};

interface Answer {
  head: Head;
  body: Buffer;
}

async function describe(run: ProbeRun, first: StreamUrl): Promise<Verdict | Failure | LocalFailure> {
  let url = first;
  let session = await RtspSession.open(run, url);
  let authorization: string | undefined;
  for (;;) {
    if (!(session instanceof RtspSession)) return session;
    const answer = await session.request("DESCRIBE", url.target, authorization);
    if (answer instanceof Failure && answer.reason === "connection_closed" && session.answers > 0) {
      // it closed behind its 401, which RFC 2326 §9 leaves it free to do
      session = await RtspSession.open(run, url);
      continue;
    }
    if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
    const { head } = answer;
    if (head.status >= 300 && head.status < 400 && head.status !== 304) {
      const target = run.redirected(head, url);
      if (target instanceof Failure) return target;
      url = target;
      authorization = undefined;
      session = await RtspSession.open(run, url);
      continue;
    }
    if (head.status !== 401) return verdictOn(answer);
    authorization = run.authorization(head, url, "DESCRIBE", url.target);
    if (authorization === undefined) return run.unauthorized(statusText(head.status));
  }
}

class RtspSession {
  /** Answers that came on this connection. */
  answers = 0;
  private sequence = 0;

  private constructor(
    private readonly run: ProbeRun,
    private readonly connection: Connection,
    private readonly reader = new WireReader(connection, MOST_BYTES),
  ) {}

  static async open(run: ProbeRun, url: StreamUrl): Promise<RtspSession | Failure | LocalFailure> {
    const connection = await run.connect(url);
    return connection instanceof Connection ? new RtspSession(run, connection) : connection;
  }

  async request(
    method: string,
    uri: string,
    authorization?: string,
  ): Promise<Answer | Failure | LocalFailure> {
    this.connection.write(
      `${method} ${uri} RTSP/1.0\r\nCSeq: ${++this.sequence}\r\nUser-Agent: StreamPulse\r\nAccept: application/sdp\r\n` +
        `${authorization === undefined ? "" : `Authorization: ${authorization}\r\n`}\r\n`,
    );
    this.run.requested(`no answer to ${method}`);
    const skipped = await this.skipFrames();
    if (skipped) return skipped;
    const head = await this.reader.head("RTSP");
    if (head instanceof Failure || head instanceof LocalFailure) return head;
    this.run.answered();
    const body = await this.body(head);
    if (!Buffer.isBuffer(body)) return body;
    this.answers++;
    return { head, body };
  }

  /** Interleaved frames (RFC 2326 §10.12) and stray line ends may stand before an answer. */
  private async skipFrames(): Promise<Failure | LocalFailure | undefined> {
    for (;;) {
      if (this.reader.pending.length === 0) {
        const more = await this.reader.more();
        if (more === false) return this.closedWithoutAnswer();
        if (more !== true) return more;
      }
      const first = this.reader.pending[0];
      if (first === 13 || first === 10) {
        this.reader.take(1);
        continue;
      }
      if (first !== 36) return undefined;
      const header = await this.reader.need(4, "an interleaved frame");
      if (header) return header;
      const length = 4 + this.reader.pending.readUInt16BE(2);
      const rest = await this.reader.need(length, "an interleaved frame");
      if (rest) return rest;
      this.reader.take(length);
    }
  }

  private closedWithoutAnswer(): Failure {
    return new Failure("connection_closed", `connection closed by ${this.connection.peer} without an answer`);
  }

  private async body(head: Head): Promise<Buffer | Failure | LocalFailure> {
    const declared = header(head, "content-length");
    if (declared === undefined) return this.bodyWithoutLength(head);
    const length = Number(declared);
    if (!Number.isInteger(length) || length < 0) {
      return new Failure("protocol_error", `Content-Length is ${printable(Buffer.from(declared, "latin1"))}`);
    }
    if (length > MOST_SDP_BYTES) {
      return new Failure("too_large", `session description of ${length} bytes`);
    }
    this.run.awaiting = "no complete session description";
    const missing = await this.reader.need(length, "the session description");
    return missing ?? this.reader.take(length);
  }

  /** Some cameras announce a description and forget its length: it then ends with what has come, or the connection. */
  private async bodyWithoutLength(head: Head): Promise<Buffer | Failure | LocalFailure> {
    if (head.status !== 200 || !/sdp/i.test(header(head, "content-type") ?? "")) return Buffer.alloc(0);
    while (!/^m=[^\n]*\n/m.test(this.reader.pending.toString("latin1"))) {
      const more = await this.reader.more();
      if (more === false) break;
      if (more !== true) return more;
    }
    return this.reader.take(this.reader.pending.length);
  }
}

function verdictOn({ head, body }: Answer): Verdict | Failure {
  const reason = reasonOf(head.status);
  if (reason !== "ok") return new Failure(reason, statusText(head.status));
  const description = parseSdp(body.toString("latin1"));
  if (!description) {
    return new Failure("not_a_stream", `RTSP 200, but no session description: ${printable(body)}`);
  }
  if (!description.media.includes("video")) {
    const found = description.media.length === 0 ? "nothing" : [...new Set(description.media)].join(", ");
    return new Failure("no_video", `RTSP 200, but no video track (${found.slice(0, 60)} only)`);
  }
  return { reason: "ok", message: "RTSP 200", level: "handshake" };
}

const STATUS_REASONS: Record<number, Reason> = {
  200: "ok",
  403: "forbidden",
  404: "wrong_path",
  410: "wrong_path",
  453: "session_limit",
  454: "session_limit",
};

function reasonOf(status: number): Reason {
  return STATUS_REASONS[status] ?? (status >= 500 ? "server_error" : "protocol_error");
}

/** The words of RFC 2326 §7.1.1, not the camera's: messages are stored and compared. */
const PHRASES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  410: "Gone",
  453: "Not Enough Bandwidth",
  454: "Session Not Found",
  455: "Method Not Valid in This State",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "RTSP Version Not Supported",
};

function statusText(status: number): string {
  const phrase = PHRASES[status];
  return phrase === undefined ? `RTSP ${status}` : `RTSP ${status} ${phrase}`;
}
