import { createServer, type Server, type Socket } from "node:net";
import { type Camera, listen, LOOPBACK } from "./camera";
import { DigestGuard, type DigestOptions } from "./digest-guard";
import { RtspConnection, type ServedStream } from "./rtsp-connection";

export interface RtspCameraStream {
  /** Begins with `/`. Every other path is answered 404. */
  path: string;
  /** When set, only who proves to know them sees the stream. */
  digest?: DigestOptions;
  /** Pictures a second, 10 by default. */
  fps?: number;
  /** A second track with silence. */
  audio?: boolean;
}

export interface RtspCameraOptions {
  streams: readonly [RtspCameraStream, ...RtspCameraStream[]];
  /** 0: the system chooses. */
  port?: number;
  host?: string;
  /** How long each answer takes. */
  latencyMs?: number;
}

const MOST_CONNECTIONS = 1000;

/** An RTSP 1.0 camera (RFC 2326) that shows moving colour bars in H.264, over TCP interleaved. */
export class RtspCamera implements Camera {
  private readonly host: string;
  private readonly streams: readonly ServedStream[];
  private readonly sockets = new Set<Socket>();
  private port: number;
  private server?: Server;
  private stopping = new AbortController();

  constructor(private readonly options: RtspCameraOptions) {
    this.host = options.host ?? LOOPBACK;
    this.port = options.port ?? 0;
    this.streams = options.streams.map(({ path, digest, fps = 10, audio = false }) => ({
      path: path.replace(/\/+$/, ""),
      shape: { fps, audio },
      guard: digest && new DigestGuard(digest),
    }));
  }

  async start(): Promise<{ url: string }> {
    this.stopping = new AbortController();
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.server.maxConnections = MOST_CONNECTIONS;
    this.port = await listen(this.server, this.port, this.host);
    return { url: this.url(this.options.streams[0].path) };
  }

  /** The address of any path of this camera, once it has started. */
  url(path: string): string {
    return `rtsp://${this.host}:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.stopping.abort();
    for (const socket of this.sockets) socket.destroy();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    new RtspConnection(socket, {
      streams: this.streams,
      latencyMs: this.options.latencyMs ?? 0,
      signal: this.stopping.signal,
    }).start();
  }
}
