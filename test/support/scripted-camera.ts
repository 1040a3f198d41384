import net from "node:net";
import tls from "node:tls";
import { listen, LOOPBACK } from "../../demo/cameras";

/** What a scripted camera does with one connection. */
export type Script = (socket: net.Socket) => void;

/** A listener on loopback that plays an odd camera; ended with everything that is connected to it. */
export class ScriptedCamera {
  /** Connections so far. */
  connections = 0;
  /** Everything that was received, of all connections. */
  received = "";
  private readonly sockets = new Set<net.Socket>();

  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async start(script: Script, secure?: tls.TlsOptions): Promise<ScriptedCamera> {
    const listener = (socket: net.Socket) => {
      camera.connections++;
      camera.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => camera.sockets.delete(socket));
      socket.on("data", (data) => (camera.received += data.toString("latin1")));
      script(socket);
    };
    const server = secure ? tls.createServer(secure, listener) : net.createServer(listener);
    server.on("tlsClientError", () => {});
    const camera: ScriptedCamera = new ScriptedCamera(server, await listen(server, 0, LOOPBACK));
    return camera;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  /** @param scheme with a user part in front of the host when given as "rtsp://user:password@" */
  url(path = "/", scheme = "rtsp://"): string {
    return `${scheme}127.0.0.1:${this.port}${path}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

/** Answers each whole request (up to its empty line) with what the function gives; undefined: silence. */
export function answering(
  answer: (request: string, socket: net.Socket) => string | Buffer | undefined,
): Script {
  return (socket) => {
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const request = text.slice(0, end + 4);
        text = text.slice(end + 4);
        const reply = answer(request, socket);
        if (reply !== undefined && !socket.destroyed) socket.write(reply);
      }
    });
  };
}

export const VIDEO_SDP =
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

/** An RTSP answer that echoes the request's CSeq. */
export function rtsp(
  request: string,
  status: string,
  headers: Record<string, string> = {},
  body = "",
): string {
  const cseq = /^CSeq: (\d+)/im.exec(request)?.[1] ?? "0";
  const lines = Object.entries({ CSeq: cseq, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : "";
  return `RTSP/1.0 ${status}\r\n${lines.join("")}${length}\r\n${body}`;
}

/** The answer of a camera that is fine. */
export function describeOk(request: string): string {
  return rtsp(request, "200 OK", { "Content-Type": "application/sdp" }, VIDEO_SDP);
}

/** Runs against a camera that lives as long as the callback. */
export async function withCamera(
  script: Script,
  use: (camera: ScriptedCamera) => Promise<void>,
): Promise<void> {
  const camera = await ScriptedCamera.start(script);
  try {
    await use(camera);
  } finally {
    await camera.stop();
  }
}
