import { connect, type Socket } from "node:net";

export interface RtspAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
}

/** A bare socket that speaks RTSP as it is told, right or wrong, and understands what comes back. */
export class RtspClient {
  private buffer: Buffer = Buffer.alloc(0);
  private readonly answers: RtspAnswer[] = [];
  private wake: () => void = () => {};
  /** Interleaved packets, RTP or RTCP, in order of arrival. */
  readonly frames: { channel: number; packet: Buffer }[] = [];
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, chunk]);
      while (this.takeOne());
      this.wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.wake();
    });
  }

  static async connect(url: string): Promise<RtspClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RtspClient(socket);
  }

  /** Sends one request and waits for its answer. */
  async ask(
    method: string,
    uri: string,
    cseq: number,
    headers: Record<string, string> = {},
  ): Promise<RtspAnswer> {
    this.socket.write(request(method, uri, cseq, headers));
    return this.answer();
  }

  async answer(): Promise<RtspAnswer> {
    await this.until(() => this.answers.length > 0 || this.closed);
    const answer = this.answers.shift();
    if (!answer) throw new Error("The connection was closed without an answer.");
    return answer;
  }

  /** Waits until what has arrived fulfils a condition. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  private takeOne(): boolean {
    if (this.buffer[0] === 0x24) {
      const end = this.buffer.length < 4 ? Infinity : 4 + this.buffer.readUInt16BE(2);
      if (this.buffer.length < end) return false;
      this.frames.push({ channel: this.buffer[1] as number, packet: this.buffer.subarray(4, end) });
      this.buffer = this.buffer.subarray(end);
      return true;
    }
    const headEnd = this.buffer.indexOf("\r\n\r\n");
    if (headEnd < 0) return false;
    const [first = "", ...lines] = this.buffer.toString("latin1", 0, headEnd).split("\r\n");
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const bodyEnd = headEnd + 4 + Number(headers["content-length"] ?? 0);
    if (this.buffer.length < bodyEnd) return false;
    const body = this.buffer.toString("utf8", headEnd + 4, bodyEnd);
    this.answers.push({ status: Number(first.split(" ")[1]), headers, body });
    this.buffer = this.buffer.subarray(bodyEnd);
    return true;
  }
}

export function request(
  method: string,
  uri: string,
  cseq: number,
  headers: Record<string, string> = {},
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${uri} RTSP/1.0\r\nCSeq: ${cseq}\r\n${lines.join("")}\r\n`;
}
