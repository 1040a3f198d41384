import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { LOOPBACK } from "./camera";
import type { DigestGuard } from "./digest-guard";
import { describeSdp, type StreamShape, type Track, TRACKS } from "./rtp-stream";
import {
  formatResponse,
  RtspRequestReader,
  RtspSyntaxError,
  type RtspRequest,
  type RtspResponse,
} from "./rtsp-message";
import { RtspSession } from "./rtsp-session";

export interface ServedStream {
  /** Begins with `/`, has no `/` at its end. */
  path: string;
  shape: StreamShape;
  guard?: DigestGuard;
}

export interface ConnectionOptions {
  streams: readonly ServedStream[];
  latencyMs: number;
  /** Ends all waiting when the camera stops. */
  signal: AbortSignal;
}

/** What a request line's URL means. */
interface Target {
  stream: ServedStream;
  /** Without trailing slash, as the client wrote it: control URLs are built on it. */
  url: string;
  track?: Track;
}

const IDLE_MS = 60_000;
/** A client that asks on and on and never reads is cut off. */
const MOST_UNREAD_BYTES = 1024 * 1024;
const PUBLIC = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER"];
/** RTSP's other methods. */
const NOT_HERE = ["ANNOUNCE", "PAUSE", "RECORD", "REDIRECT"];

/** One client of the camera: reads its requests and answers them in their order (RFC 2326 section 9.1). */
export class RtspConnection {
  private readonly reader = new RtspRequestReader();
  private session?: RtspSession;
  private busy = false;

  constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {}

  start(): void {
    this.socket.setTimeout(IDLE_MS, () => this.socket.destroy());
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => this.session?.end());
    this.socket.on("data", (chunk) => {
      this.reader.push(chunk);
      if (!this.busy) void this.answerAll();
    });
  }

  private async answerAll(): Promise<void> {
    this.busy = true;
    this.socket.pause();
    try {
      for (let request = this.reader.next(); request; request = this.reader.next()) {
        await this.answer(request);
        if (!this.socket.writable) return;
      }
    } catch (error) {
      if (this.options.signal.aborted) return;
      if (!(error instanceof RtspSyntaxError)) throw error;
      this.finish(formatResponse({ status: error.status }, undefined));
    } finally {
      this.busy = false;
      this.socket.resume();
    }
  }

  /** Reads no more requests, so that what a client still sends cannot pile up. */
  private finish(lastWords?: Buffer): void {
    this.socket.removeAllListeners("data");
    this.socket.end(lastWords ?? "");
  }

  private async answer(request: RtspRequest): Promise<void> {
    const { latencyMs, signal } = this.options;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal });
    const response = this.respond(request);
    if (this.socket.destroyed) return;
    this.socket.write(formatResponse(response, request.headers.get("cseq")));
    if (this.socket.writableLength > MOST_UNREAD_BYTES) this.socket.destroy();
    // Only now, because pictures must not overtake the answer that announces them.
    if (request.method === "PLAY" && response.status === 200) this.session?.play();
    if (request.headers.get("connection")?.toLowerCase() === "close") this.finish();
  }

  private respond(request: RtspRequest): RtspResponse {
    const { method, uri, headers } = request;
    // RFC 2326 section 12.17: every request has one.
    if (!/^\d{1,10}$/.test(headers.get("cseq") ?? "")) return { status: 400 };
    const required = headers.get("require");
    if (required) return { status: 551, headers: { Unsupported: required } };
    if (method === "OPTIONS") return { status: 200, headers: { Public: PUBLIC.join(", ") } };
    if (!PUBLIC.includes(method)) {
      if (!NOT_HERE.includes(method)) return { status: 501 };
      return { status: 405, headers: { Allow: PUBLIC.join(", ") } };
    }
    const target = this.target(uri);
    if (!target) return { status: 404 };
    return this.challenge(request, target.stream) ?? this.perform(request, target);
  }

  /** @returns undefined when there is no such stream or track */
  private target(uri: string): Target | undefined {
    const url = /^(rtsp:\/\/[^/?#]+)(\/.*)?$/i.exec(uri);
    if (!url) return undefined;
    const [, origin, rest = ""] = url as unknown as [string, string, string?];
    const path = rest.replace(/\/+$/, "");
    for (const stream of this.options.streams) {
      if (path === stream.path) return { stream, url: origin + path };
      const track = TRACKS.find((_, i) => path === `${stream.path}/trackID=${i}`);
      if (track === "video" || (track === "audio" && stream.shape.audio)) {
        return { stream, url: origin + stream.path, track };
      }
    }
    return undefined;
  }

  private challenge(
    { method, uri, headers }: RtspRequest,
    { guard }: ServedStream,
  ): RtspResponse | undefined {
    const verdict = guard?.verdict(method, uri, headers.get("authorization")) ?? "right";
    if (!guard || verdict === "right") return undefined;
    return { status: 401, headers: { "WWW-Authenticate": guard.challenge(verdict === "stale") } };
  }

  private perform(request: RtspRequest, target: Target): RtspResponse {
    switch (request.method) {
      case "DESCRIBE":
        return this.describe(request, target);
      case "SETUP":
        return this.setup(request, target);
      case "PLAY":
        return this.play(request, target);
      case "TEARDOWN":
        return this.teardown(request);
      default:
        return this.parameter(request);
    }
  }

  private describe({ headers }: RtspRequest, { stream, url }: Target): RtspResponse {
    const accepted = headers.get("accept") ?? "*/*";
    if (!/application\/(sdp|\*)|\*\/\*/i.test(accepted)) return { status: 406 };
    return {
      status: 200,
      headers: { "Content-Base": `${url}/`, "Content-Type": "application/sdp" },
      body: describeSdp(stream.shape, LOOPBACK),
    };
  }

  private setup({ headers }: RtspRequest, { stream, track }: Target): RtspResponse {
    if (headers.has("session") && !this.isOurs(headers)) return { status: 454 };
    if (this.session?.playing) return { status: 455 };
    if (!track) return { status: 459 };
    const wanted = interleavedTransport(headers.get("transport") ?? "");
    if (!wanted) return { status: 461 };
    if (!headers.has("session")) this.session = new RtspSession(this.socket, stream.shape);
    const session = this.session as RtspSession;
    const { channel, ssrc } = session.setup(track, wanted.channel);
    const hexadecimal = ssrc.toString(16).padStart(8, "0");
    return {
      status: 200,
      headers: {
        Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1};ssrc=${hexadecimal}`,
        Session: `${session.id};timeout=${IDLE_MS / 1000}`,
      },
    };
  }

  private play({ headers }: RtspRequest, { url }: Target): RtspResponse {
    if (!this.session || !this.isOurs(headers)) return { status: 454 };
    const session = this.session;
    const info = session.rtpInfo((track) => `${url}/trackID=${TRACKS.indexOf(track)}`);
    return { status: 200, headers: { Session: session.id, Range: "npt=now-", "RTP-Info": info } };
  }

  private teardown({ headers }: RtspRequest): RtspResponse {
    if (!this.isOurs(headers)) return { status: 454 };
    this.session?.end();
    this.session = undefined;
    return { status: 200 };
  }

  /** GET_PARAMETER and SET_PARAMETER: without a body they keep the session alive (RFC 2326 section 10.8). */
  private parameter({ headers, body }: RtspRequest): RtspResponse {
    if (headers.has("session") && !this.isOurs(headers)) return { status: 454 };
    if (body.trim() !== "") return { status: 451 };
    return { status: 200, headers: this.session ? { Session: this.session.id } : {} };
  }

  private isOurs(headers: ReadonlyMap<string, string>): boolean {
    return this.session !== undefined && headers.get("session")?.split(";")[0]?.trim() === this.session.id;
  }
}

/**
 * Picks the first transport that this camera has out of the list that a client offers (RFC 2326 section 12.39).
 * @returns undefined when there is none; no channel when the client leaves the choice to the camera
 */
function interleavedTransport(header: string): { channel?: number } | undefined {
  for (const offer of header.split(",")) {
    const [profile = "", ...parameters] = offer.split(";").map((part) => part.trim().toLowerCase());
    if (profile !== "rtp/avp/tcp" || parameters.includes("multicast")) continue;
    const channels = /^interleaved=(\d{1,3})(?:-\d{1,3})?$/;
    const channel = parameters.map((parameter) => channels.exec(parameter)?.[1]).find(Boolean);
    if (channel === undefined) return {};
    // The second of the pair carries RTCP and must fit into the byte too.
    if (Number(channel) < 255) return { channel: Number(channel) };
  }
  return undefined;
}
