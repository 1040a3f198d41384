import type { StreamUrl } from "../../../common/stream-url";
import { Connection } from "../../../common/camera/connection";
import { Failure, LocalFailure } from "../../../common/camera/failure";
import { header, printable, WireReader, type Head } from "../../../common/camera/wire-reader";
import type { ProbeRun } from "./probe-run";

/** All that one probe reads, interleaved frames included. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A session description longer than this is none. */
const MOST_BODY_BYTES = 256 * 1024;

export interface Answer {
  head: Head;
  body: Buffer;
}

/** One frame that came between the answers (RFC 2326 §10.12). */
export interface Frame {
  channel: number;
  payload: Buffer;
}

/** The requests and answers of one RTSP 1.0 connection (RFC 2326), with credentials when the camera asks for them. */
export class RtspSession {
  /** From the answer to SETUP; while there is one, the camera keeps something for us. */
  sessionId?: string;
  /** Hears the frames that come before an answer. */
  onFrame: (frame: Frame) => void = () => {};

  private sequence = 0;
  private answers = 0;
  private reader: WireReader;

  private constructor(
    private readonly run: ProbeRun,
    readonly url: StreamUrl,
    private connection: Connection,
  ) {
    this.reader = new WireReader(connection, MOST_BYTES);
  }

  static async open(run: ProbeRun, url: StreamUrl): Promise<RtspSession | Failure | LocalFailure> {
    const connection = await run.connect(url);
    return connection instanceof Connection ? new RtspSession(run, url, connection) : connection;
  }

  /** The address of the camera at the other end. */
  get remoteAddress(): string | undefined {
    return this.connection.remoteAddress;
  }

  /** Sends a request until its answer is no 401 that credentials could change. */
  async request(method: string, uri: string, headers = ""): Promise<Answer | Failure | LocalFailure> {
    for (;;) {
      this.connection.write(this.text(method, uri, headers));
      this.run.requested(`no answer to ${method}`);
      const answer = await this.answer();
      if (
        answer instanceof Failure &&
        answer.reason === "connection_closed" &&
        this.answers > 0 &&
        !this.sessionId
      ) {
        // it closed behind its last answer, which RFC 2326 §9 leaves it free to do
        const failure = await this.reopen();
        if (failure) return failure;
        continue;
      }
      if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
      if (answer.head.status !== 401 || !this.run.mayAuthorize(answer.head, this.url)) return answer;
    }
  }

  /** The next frame; answers that nobody waits for are passed over. Undefined when none came for `waitMs`. */
  async frame(waitMs?: number): Promise<Frame | undefined | Failure | LocalFailure> {
    for (;;) {
      const frame = this.takeFrame();
      if (frame) return frame;
      if (this.reader.pending.length > 0 && this.reader.pending[0] !== DOLLAR) {
        const stray = await this.message();
        if (stray instanceof Failure || stray instanceof LocalFailure) return stray;
        continue;
      }
      const more = await this.reader.moreWithin(waitMs);
      if (more === undefined) return undefined;
      if (more === false)
        return new Failure("connection_closed", `connection closed by ${this.connection.peer}`);
      if (more !== true) return more;
    }
  }

  /** The last words to the camera, without which it keeps the session until its own time limit. */
  farewell(uri: string): string | undefined {
    return this.sessionId === undefined ? undefined : this.text("TEARDOWN", uri, "");
  }

  private text(method: string, uri: string, headers: string): string {
    const authorization = this.run.authorization(this.url, method, uri);
    return (
      `${method} ${uri} RTSP/1.0\r\nCSeq: ${++this.sequence}\r\nUser-Agent: StreamPulse\r\n${headers}` +
      `${this.sessionId === undefined ? "" : `Session: ${this.sessionId}\r\n`}` +
      `${authorization === undefined ? "" : `Authorization: ${authorization}\r\n`}\r\n`
    );
  }

  private async reopen(): Promise<Failure | LocalFailure | undefined> {
    const connection = await this.run.connect(this.url);
    if (!(connection instanceof Connection)) return connection;
    this.connection = connection;
    this.reader = new WireReader(connection, MOST_BYTES);
    this.answers = 0;
    return undefined;
  }

  private async answer(): Promise<Answer | Failure | LocalFailure> {
    for (;;) {
      const skipped = await this.skipFrames();
      if (skipped) return skipped;
      const answer = await this.message();
      // 100 Continue (RFC 2326 §11.1), or a request of the camera's own (§10.1), which wants no more than to be read
      if (answer === undefined || ("head" in answer && answer.head.status < 200)) continue;
      if ("head" in answer) this.answers++;
      return answer;
    }
  }

  /** One answer with its body; undefined when it was a request. */
  private async message(): Promise<Answer | undefined | Failure | LocalFailure> {
    const request = await this.skipRequest();
    if (request !== false) return request;
    const head = await this.reader.head("RTSP");
    if (head instanceof Failure || head instanceof LocalFailure) return head;
    this.run.answered();
    const body = await this.body(head);
    return Buffer.isBuffer(body) ? { head, body } : body;
  }

  /** Frames and stray line ends may stand before an answer. */
  private async skipFrames(): Promise<Failure | LocalFailure | undefined> {
    for (;;) {
      const frame = this.takeFrame();
      if (frame) {
        this.onFrame(frame);
        continue;
      }
      const [first] = this.reader.pending;
      if (first === 13 || first === 10) this.reader.take(1);
      else if (first !== undefined && first !== DOLLAR) return undefined;
      else {
        const more = await this.reader.more();
        if (more === false) {
          return new Failure(
            "connection_closed",
            `connection closed by ${this.connection.peer} without an answer`,
          );
        }
        if (more !== true) return more;
      }
    }
  }

  /** The frame that stands first, when it is whole. */
  private takeFrame(): Frame | undefined {
    const { pending } = this.reader;
    if (pending[0] !== DOLLAR || pending.length < 4) return undefined;
    const length = 4 + pending.readUInt16BE(2);
    if (pending.length < length) return undefined;
    const frame = this.reader.take(length);
    return { channel: frame[1] as number, payload: frame.subarray(4) };
  }

  /** @returns false when what comes is no request */
  private async skipRequest(): Promise<false | undefined | Failure | LocalFailure> {
    while (/^[A-Z_]{3,20}( [^\r\n]{0,500})?$/.test(this.reader.pending.toString("latin1", 0, 512))) {
      const more = await this.reader.more();
      if (more === false) return new Failure("connection_closed", "connection closed within a request");
      if (more !== true) return more;
    }
    if (!/^[A-Z_]{3,20} [^\r\n]{0,500} RTSP\/1/.test(this.reader.pending.toString("latin1", 0, 600)))
      return false;
    const head = await this.reader.requestHead();
    if (head instanceof Failure || head instanceof LocalFailure) return head;
    const body = await this.body(head);
    return Buffer.isBuffer(body) ? undefined : body;
  }

  private async body(head: Head): Promise<Buffer | Failure | LocalFailure> {
    const declared = header(head, "content-length");
    if (declared === undefined) return this.bodyWithoutLength(head);
    const length = Number(declared);
    if (!Number.isInteger(length) || length < 0) {
      return new Failure("protocol_error", `Content-Length is ${printable(Buffer.from(declared, "latin1"))}`);
    }
    if (length > MOST_BODY_BYTES) return new Failure("too_large", `session description of ${length} bytes`);
    this.run.await("no complete session description");
    const missing = await this.reader.need(length, "the session description");
    return missing ?? this.reader.take(length);
  }

  /** Some cameras announce a description and forget its length: it then ends with what has come, or the connection. */
  private async bodyWithoutLength(head: Head): Promise<Buffer | Failure | LocalFailure> {
    if (head.status !== 200 || !/sdp/i.test(header(head, "content-type") ?? "")) return Buffer.alloc(0);
    while (!/^m=[^\n]*\n/m.test(this.reader.pending.toString("latin1", 0, MOST_BODY_BYTES))) {
      const more = await this.reader.more();
      if (more === false) break;
      if (more !== true) return more;
    }
    return this.reader.take(this.reader.pending.length);
  }
}

const DOLLAR = 0x24;
