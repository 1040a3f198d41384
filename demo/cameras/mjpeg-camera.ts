import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Camera, listen, LOOPBACK } from "./camera";
import { JPEGS } from "./pictures";

export interface MjpegCameraOptions {
  /** Of the stream, `/video.mjpg` by default. `/snapshot.jpg` gives a single picture. */
  path?: string;
  /** 0: the system chooses. */
  port?: number;
  host?: string;
  /** Pictures a second, 5 by default. */
  fps?: number;
  /** Between the parts of the stream, `frame` by default. */
  boundary?: string;
}

const MOST_CONNECTIONS = 1000;
/** Beyond this many unread bytes a slow viewer loses pictures. */
const MOST_UNREAD_BYTES = 256 * 1024;

/** A camera that sends MJPEG over HTTP, as `multipart/x-mixed-replace`: moving colour bars. */
export class MjpegCamera implements Camera {
  private readonly host: string;
  private readonly path: string;
  private readonly boundary: string;
  private readonly fps: number;
  private port: number;
  private server?: Server;

  constructor(options: MjpegCameraOptions = {}) {
    this.host = options.host ?? LOOPBACK;
    this.port = options.port ?? 0;
    this.path = options.path ?? "/video.mjpg";
    this.boundary = options.boundary ?? "frame";
    this.fps = options.fps ?? 5;
  }

  async start(): Promise<{ url: string }> {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.headersTimeout = 10_000;
    this.port = await listen(this.server, this.port, this.host);
    return { url: `http://${this.host}:${this.port}${this.path}` };
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server?.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split("?")[0];
    if (path !== this.path && path !== "/snapshot.jpg") {
      response.writeHead(404).end();
    } else if (request.method !== "GET") {
      // Many cameras know nothing but GET.
      response.writeHead(405, { Allow: "GET" }).end();
    } else if (path === this.path) {
      this.stream(response);
    } else {
      const picture = this.picture(Math.floor((performance.now() / 1000) * this.fps));
      response.writeHead(200, { "Content-Type": "image/jpeg", "Content-Length": picture.length });
      response.end(picture);
    }
  }

  private stream(response: ServerResponse): void {
    // Cameras end such an answer by closing the connection, and have no chunks around the parts.
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, {
      "Content-Type": `multipart/x-mixed-replace; boundary=${this.boundary}`,
      "Cache-Control": "no-store",
      Connection: "close",
    });
    let sent = 0;
    const send = () => {
      if (response.writableLength > MOST_UNREAD_BYTES) return;
      const picture = this.picture(sent++);
      const head = `--${this.boundary}\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`;
      response.write(Buffer.concat([Buffer.from(head), picture, Buffer.from("\r\n")]));
    };
    const timer = setInterval(send, 1000 / this.fps);
    response.on("error", () => response.destroy());
    response.once("close", () => clearInterval(timer));
    send();
  }

  private picture(number: number): Buffer {
    return JPEGS[number % JPEGS.length] as Buffer;
  }
}
