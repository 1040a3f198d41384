import net from "node:net";
import tls from "node:tls";
import type { LookupAddress } from "node:dns";
import type { Timings } from "../../contracts/check";
import type { StreamUrl } from "../stream-url";
import type { LocalFailure } from "./failure";
import { Failure, failureOfSocketError } from "./failure";
import type { Network } from "./network";

/** More than this lies unread only when a camera floods us: then the socket waits. */
const MOST_UNREAD_BYTES = 256 * 1024;
/** So long a camera may take to answer a TEARDOWN. */
const FAREWELL_MS = 200;

/**
 * One TCP or TLS connection to a camera, read by pulling. It has no time limit of its own: whoever opened it calls
 * `fail` when the probe's deadline comes, and every read that waits gets that failure.
 */
export class Connection {
  /** True when the camera's certificate is no longer valid (or not yet). */
  certificateExpired = false;
  /** A redirect or a playlist named this host, and not the user. */
  isForeign = false;

  private socket?: net.Socket;
  private readonly chunks: Buffer[] = [];
  private unreadBytes = 0;
  private ended = false;
  private failure?: Failure | LocalFailure;
  private wake?: () => void;
  private readonly where: string;

  constructor(
    private readonly url: StreamUrl,
    private readonly tlsVerify: boolean,
    private readonly network: Network,
    private readonly timings: Timings,
  ) {
    this.where = `${url.host.includes(":") ? `[${url.host}]` : url.host}:${url.port}`;
  }

  /** @returns nothing when it is open */
  async open(): Promise<Failure | LocalFailure | undefined> {
    const { clock, resolver } = this.network;
    this.network.connections.add(this);
    let began = clock.elapsed();
    if (!net.isIP(this.url.host)) {
      const addresses = await Promise.race([resolver.resolve(this.url.host), this.failed()]);
      if (!Array.isArray(addresses)) return addresses;
      this.timings.dnsMs = elapsedMs(began, (began = clock.elapsed()));
      this.connect(addresses);
    } else {
      this.connect([{ address: this.url.host, family: net.isIP(this.url.host) }]);
    }
    return this.established(began);
  }

  get remoteAddress(): string | undefined {
    return this.socket?.remoteAddress;
  }

  get peer(): string {
    return this.where;
  }

  /** @param text one character a byte */
  write(text: string): void {
    this.socket?.write(text, "latin1");
  }

  /**
   * The next bytes; null when the camera has closed the connection.
   * @param waitMs gives up waiting after so long, with undefined
   */
  async read(waitMs?: number): Promise<Buffer | null | undefined | Failure | LocalFailure> {
    let late = false;
    const timer =
      waitMs === undefined
        ? undefined
        : this.network.clock.setTimeout(() => {
            late = true;
            this.wakeReader();
          }, waitMs);
    try {
      for (;;) {
        if (this.failure) return this.failure;
        const chunk = this.chunks.shift();
        if (chunk) {
          this.unreadBytes -= chunk.length;
          if (this.socket?.isPaused()) this.socket.resume();
          return chunk;
        }
        if (this.ended) return null;
        if (late) return undefined;
        await new Promise<void>((resolve) => (this.wake = resolve));
      }
    } finally {
      this.network.clock.clearTimeout(timer);
    }
  }

  /** Reads that wait, and later ones, get this failure. Only `close` ends the connection. */
  fail(failure: Failure | LocalFailure): void {
    this.failure ??= failure;
    this.wakeReader();
  }

  close(): void {
    this.network.connections.delete(this);
    this.ended = true;
    this.chunks.length = 0;
    this.socket?.destroy();
    this.wakeReader();
  }

  /** Sends a last request and closes when the camera has taken it, at the latest after a moment. */
  async closeAfter(farewell: string): Promise<void> {
    const { socket } = this;
    if (socket && !socket.destroyed && !this.ended) {
      this.failure = undefined;
      this.chunks.length = 0;
      socket.write(farewell, "latin1");
      const until = this.network.clock.elapsed() + FAREWELL_MS;
      for (let left = FAREWELL_MS; left > 0; left = until - this.network.clock.elapsed()) {
        const bytes = await this.read(left);
        // frames still under way are no answer
        if (!Buffer.isBuffer(bytes) || bytes.includes("RTSP/1.")) break;
      }
    }
    this.close();
  }

  private connect(addresses: LookupAddress[]): void {
    const { url } = this;
    const options: net.TcpNetConnectOpts =
      addresses.length === 1
        ? { host: addresses[0]?.address ?? url.host, port: url.port }
        : {
            host: url.host,
            port: url.port,
            autoSelectFamily: true,
            lookup: (_host, _options, callback) => callback(null, addresses),
          };
    this.socket = url.secure
      ? tls.connect({
          ...options,
          servername: net.isIP(url.host) ? undefined : url.host,
          // The verdict on the certificate is ours (tls_verify); cameras have self-signed ones and old ciphers.
          rejectUnauthorized: false,
          minVersion: "TLSv1",
          ciphers: "DEFAULT@SECLEVEL=0",
        })
      : net.connect(options);
    this.socket.on("error", (error: NodeJS.ErrnoException) =>
      this.fail(failureOfSocketError(error, this.where)),
    );
  }

  private async established(began: number): Promise<Failure | LocalFailure | undefined> {
    const socket = this.socket as net.Socket;
    const { clock } = this.network;
    let open = false;
    socket.once("connect", () => {
      this.timings.connectMs = elapsedMs(began, (began = clock.elapsed()));
      open ||= !this.url.secure;
      this.wakeReader();
    });
    socket.once("secureConnect", () => {
      this.timings.tlsMs = elapsedMs(began, clock.elapsed());
      open = true;
      this.wakeReader();
    });
    socket.on("data", (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.unreadBytes += chunk.length;
      if (this.unreadBytes > MOST_UNREAD_BYTES) socket.pause();
      this.wakeReader();
    });
    socket.once("close", () => {
      this.ended = true;
      this.wakeReader();
    });
    socket.once("end", () => {
      this.ended = true;
      this.wakeReader();
    });
    while (!open && !this.failure && !this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
    if (this.failure) return this.failure;
    if (!open) return new Failure("connection_closed", `connection closed by ${this.where}`);
    return this.url.secure ? this.checkCertificate(socket as tls.TLSSocket) : undefined;
  }

  private checkCertificate(socket: tls.TLSSocket): Failure | undefined {
    const certificate = socket.getPeerCertificate();
    const now = this.network.clock.now();
    this.certificateExpired =
      certificate.valid_to !== undefined &&
      (Date.parse(certificate.valid_to) < now || Date.parse(certificate.valid_from) > now);
    if (!this.tlsVerify || socket.authorized || this.certificateExpired) return undefined;
    const why = String(socket.authorizationError ?? "untrusted")
      .toLowerCase()
      .replaceAll("_", " ");
    this.close();
    return new Failure("tls_failed", `certificate of ${this.where} is not trusted: ${why}`);
  }

  private async failed(): Promise<Failure | LocalFailure> {
    while (!this.failure) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.failure;
  }

  private wakeReader(): void {
    const wake = this.wake;
    this.wake = undefined;
    wake?.();
  }
}

/** A duration as a check shows it: hundredths of a millisecond. */
export function elapsedMs(from: number, to: number): number {
  return Math.round((to - from) * 100) / 100;
}
