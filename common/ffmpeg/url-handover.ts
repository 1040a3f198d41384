import { randomBytes } from "node:crypto";
import net from "node:net";
import { wholeUrl, type StreamUrl } from "../stream-url";

const LOOPBACK = "127.0.0.1";
const MOST_REQUEST_BYTES = 4096;

/**
 * Hands a URL to ffprobe or ffmpeg by a redirect from loopback. On the command line anybody on the machine could read
 * its password, and a program that guesses a format from a name could be led astray by it: there stands nothing but an
 * address of ours with a secret in it.
 */
export class UrlHandover {
  private readonly sockets = new Set<net.Socket>();
  private readonly secret = randomBytes(16).toString("hex");
  private readonly server: net.Server;

  constructor(
    private readonly url: StreamUrl,
    private readonly withCredentials: boolean,
  ) {
    this.server = net.createServer((socket) => this.serve(socket));
    this.server.maxConnections = 8;
  }

  /** @returns the address for the command line, or why this machine has none to give */
  async open(): Promise<string | Error> {
    const failure = await new Promise<Error | undefined>((resolve) => {
      this.server.on("error", resolve);
      this.server.listen(0, LOOPBACK, () => resolve(undefined));
    });
    if (failure) return failure;
    const { port } = this.server.address() as net.AddressInfo;
    const { protocol, path } = this.url;
    // ffmpeg 7 takes a playlist for one only when name or type say so
    const ending = /\.(m3u8?)(?:$|\?)/i.exec(path)?.[1]?.toLowerCase();
    return `${protocol}://${LOOPBACK}:${port}/${this.secret}${ending ? `.${ending}` : ""}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: net.Socket): void {
    this.sockets.add(socket);
    let request = "";
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("data", (data) => {
      request += data.toString("latin1");
      if (request.length > MOST_REQUEST_BYTES) socket.destroy();
      else if (request.includes("\r\n\r\n")) socket.end(this.answer(request), "latin1");
    });
  }

  private answer(request: string): string {
    const version = this.url.protocol === "rtsp" ? "RTSP/1.0" : "HTTP/1.1";
    const sequence = /^CSeq:\s*(\d{1,10})/im.exec(request)?.[1];
    const head = `${sequence === undefined ? "" : `CSeq: ${sequence}\r\n`}Content-Length: 0\r\nConnection: close\r\n`;
    if (!request.slice(0, request.indexOf("\r\n")).includes(this.secret)) {
      return `${version} 404 Not Found\r\n${head}\r\n`;
    }
    const location = this.withCredentials ? wholeUrl(this.url) : this.url.target;
    return `${version} 302 Found\r\n${head}Location: ${location}\r\n\r\n`;
  }
}
