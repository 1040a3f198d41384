import dgram from "node:dgram";
import { once } from "node:events";
import type { Clock } from "../../../common/clock";
import { Failure, LocalFailure } from "../../../common/camera/failure";

/** Ports are tried from here on; RTP wants an even one with its neighbour free (RFC 3550 §11). */
const FIRST_PORT = 40_000;
const LAST_PORT = 59_998;
const MOST_TRIES = 20;
const MOST_QUEUED = 64;
/** How often the control connection is looked at while packets are awaited. */
const LOOK_MS = 250;

/** What shares the wait: the connection that the session hangs on. */
interface ControlConnection {
  frame(waitMs: number): Promise<unknown>;
}

/** A pair of UDP ports that takes RTP of one camera. */
export class UdpReceiver {
  private readonly packets: Buffer[] = [];
  private wake?: () => void;
  private looking?: Promise<unknown>;

  private constructor(
    readonly port: number,
    private readonly rtp: dgram.Socket,
    private readonly rtcp: dgram.Socket,
    private readonly camera: string,
    private readonly clock: Clock,
  ) {
    rtp.on("message", (packet, from) => {
      // packets of anybody else are not this camera's picture
      if (!sameAddress(from.address, camera) || this.packets.length >= MOST_QUEUED) return;
      this.packets.push(packet);
      this.wake?.();
    });
    for (const socket of [rtp, rtcp]) socket.on("error", () => {});
  }

  static async open(camera: string, clock: Clock): Promise<UdpReceiver | LocalFailure> {
    const type = camera.includes(":") && !camera.startsWith("::ffff:") ? "udp6" : "udp4";
    for (let i = 0; i < MOST_TRIES; i++) {
      const pairs = (LAST_PORT - FIRST_PORT) / 2;
      const port = FIRST_PORT + 2 * Math.floor(Math.random() * pairs);
      const sockets = [dgram.createSocket(type), dgram.createSocket(type)] as const;
      try {
        await Promise.all(sockets.map((socket, n) => bound(socket, port + n)));
        return new UdpReceiver(port, ...sockets, camera, clock);
      } catch {
        for (const socket of sockets) socket.close();
      }
    }
    return new LocalFailure("no free pair of UDP ports: lower probe.max_concurrent");
  }

  /** A first packet opens the way back through firewalls. */
  greet(serverPort: number): void {
    this.rtp.send(Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), serverPort, this.camera, () => {});
  }

  /** The next packet; undefined when none came for `waitMs`. What ends the control connection ends the wait. */
  async next(
    waitMs: number | undefined,
    control: ControlConnection,
  ): Promise<Buffer | undefined | Failure | LocalFailure> {
    const until = waitMs === undefined ? Infinity : this.clock.elapsed() + waitMs;
    for (;;) {
      const packet = this.packets.shift();
      if (packet) return packet;
      const leftMs = until - this.clock.elapsed();
      if (leftMs <= 0) return undefined;
      const arrived = new Promise<void>((resolve) => (this.wake = resolve));
      this.looking ??= control.frame(Math.min(leftMs, LOOK_MS)).finally(() => (this.looking = undefined));
      const heard = await Promise.race([arrived, this.looking]);
      if (heard instanceof Failure || heard instanceof LocalFailure) return heard;
    }
  }

  close(): void {
    this.rtp.close();
    this.rtcp.close();
    this.wake?.();
  }
}

async function bound(socket: dgram.Socket, port: number): Promise<void> {
  const listening = once(socket, "listening");
  socket.bind(port);
  await listening;
}

function sameAddress(a: string, b: string): boolean {
  return a.replace(/^::ffff:/, "") === b.replace(/^::ffff:/, "");
}
