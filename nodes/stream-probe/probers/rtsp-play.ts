import { Failure, LocalFailure } from "../../../common/camera/failure";
import { header, type Head } from "../../../common/camera/wire-reader";
import { RtpPicture } from "../picture/rtp-picture";
import type { ProbeRun, Verdict } from "./probe-run";
import type { ProbeRequest } from "./prober";
import { parseRtp } from "./rtp";
import type { Answer, Frame, RtspSession } from "./rtsp-session";
import { rtspReason, rtspStatus } from "./rtsp-status";
import { receivableVideo, type MediaDescription, type SessionDescription } from "./sdp";
import { UdpReceiver } from "./udp-receiver";

/** A camera that has answered PLAY sends at once; after so long it sends nothing. */
const NO_RTP_MS = 5000;
/** So long the first picture is followed by a look at the next ones, for frame rate and size. */
const LOOK_MS = 400;

/** The media level of RTSP: SETUP, PLAY, first RTP packet of the video track. */
export class RtspPlay {
  private readonly track: MediaDescription;
  private readonly picture: RtpPicture;
  private readonly aggregate: string;
  private channel = 0;
  private udp?: UdpReceiver;
  private askedAt = 0;

  constructor(
    private readonly run: ProbeRun,
    private readonly session: RtspSession,
    base: string,
    description: SessionDescription,
    private readonly request: ProbeRequest,
  ) {
    this.track = receivableVideo(description) as MediaDescription;
    this.picture = new RtpPicture(description, this.track);
    this.aggregate = controlAddress(description.control, base, session.url.target);
    session.onFrame = (frame) => this.take(frame.channel, frame.payload);
  }

  /** Ends with the last words that the probe sends for this, if any. */
  farewell(): string | undefined {
    return this.session.farewell(this.aggregate);
  }

  close(): void {
    this.udp?.close();
  }

  async firstPicture(): Promise<Verdict | Failure | LocalFailure> {
    this.run.level = "media";
    this.askedAt = this.run.clock.elapsed();
    const failure = (await this.setUp()) ?? (await this.play());
    if (failure) return failure;
    this.run.await("no RTP", "no_media");
    const waitUntil = this.run.clock.elapsed() + NO_RTP_MS;
    while (this.picture.packets === 0) {
      const leftMs = waitUntil - this.run.clock.elapsed();
      if (leftMs <= 0) return new Failure("no_media", `no RTP within ${NO_RTP_MS / 1000} s`);
      const failure = await this.next(leftMs);
      if (failure) return this.endedWithoutPicture(failure);
    }
    const lookUntil = this.run.clock.elapsed() + LOOK_MS;
    while (!this.picture.complete) {
      const leftMs = lookUntil - this.run.clock.elapsed();
      if (leftMs <= 0 || (await this.next(leftMs)) !== undefined) break;
    }
    return { reason: "ok", message: "RTSP 200", media: this.picture.media() };
  }

  private async setUp(): Promise<Failure | LocalFailure | undefined> {
    const wantsUdp = this.request.transport === "udp";
    let transport = "RTP/AVP/TCP;unicast;interleaved=0-1";
    if (wantsUdp) {
      const udp = await UdpReceiver.open(this.session.remoteAddress ?? "", this.run.clock);
      if (udp instanceof LocalFailure) return udp;
      this.udp = udp;
      transport = `RTP/AVP;unicast;client_port=${udp.port}-${udp.port + 1}`;
    }
    const control = controlAddress(this.track.control, this.aggregate, this.aggregate);
    const answer = await this.session.request("SETUP", control, `Transport: ${transport}\r\n`);
    const refused = this.refusal(answer);
    if (refused) return refused;
    const { head } = answer as Answer;
    // the session's name ends where its parameters begin (RFC 2326 §12.37)
    this.session.sessionId = header(head, "session")?.split(";", 1)[0]?.trim() || undefined;
    return this.readTransport(head, wantsUdp);
  }

  private readTransport(head: Head, wantsUdp: boolean): Failure | undefined {
    const transport = header(head, "transport") ?? "";
    if (wantsUdp) {
      const serverPort = Number(/server_port=(\d+)/i.exec(transport)?.[1]);
      if (serverPort > 0 && serverPort < 65_536) this.udp?.greet(serverPort);
      return undefined;
    }
    if (/client_port=/i.test(transport) && !/TCP/i.test(transport)) {
      return new Failure("transport_udp_only", "camera answers TCP with UDP");
    }
    this.channel = Number(/interleaved=\s*(\d+)/i.exec(transport)?.[1] ?? 0);
    return undefined;
  }

  private async play(): Promise<Failure | LocalFailure | undefined> {
    const answer = await this.session.request("PLAY", this.aggregate, "Range: npt=0.000-\r\n");
    // a live stream has no place to begin at: some cameras take that literally
    if ("head" in answer && answer.head.status === 457) {
      return this.refusal(await this.session.request("PLAY", this.aggregate));
    }
    return this.refusal(answer);
  }

  private refusal(answer: Answer | Failure | LocalFailure): Failure | LocalFailure | undefined {
    if (!("head" in answer)) return answer;
    const { status } = answer.head;
    if (status === 401) {
      return this.run.unauthorized(rtspStatus(status));
    }
    // a camera that describes and has no room for a viewer says so in one of these ways
    const reason = status === 503 ? "session_limit" : rtspReason(status);
    return reason === "ok" ? undefined : new Failure(reason, rtspStatus(status));
  }

  /** Takes in what comes next; waits no longer than `waitMs`, without failure. */
  private async next(waitMs: number): Promise<Failure | LocalFailure | undefined> {
    if (this.udp) {
      const packet = await this.udp.next(waitMs, this.session);
      if (!Buffer.isBuffer(packet)) return packet;
      this.take(this.channel, packet);
      return undefined;
    }
    const frame = await this.session.frame(waitMs);
    if (frame instanceof Failure || frame instanceof LocalFailure) return frame;
    if (frame) this.take(frame.channel, frame.payload);
    return undefined;
  }

  private take(channel: number, bytes: Frame["payload"]): void {
    const packet = parseRtp(bytes);
    // RTCP (RFC 5761 §4) shares the version bits
    if (packet && packet.payloadType >= 72 && packet.payloadType <= 76) return;
    // some cameras use other channels than they said: the payload type tells the track too
    if (!packet || (channel !== this.channel && !this.track.payloadTypes.includes(packet.payloadType))) {
      this.run.unreadable = this.picture.packets === 0;
      return;
    }
    this.run.unreadable = false;
    if (this.picture.packets === 0) this.run.pictureCame(this.askedAt);
    this.picture.add(packet);
  }

  private endedWithoutPicture(failure: Failure | LocalFailure): Failure | LocalFailure {
    if (failure instanceof LocalFailure || failure.reason !== "connection_closed") return failure;
    return new Failure("no_media", "connection closed after PLAY, before any RTP");
  }
}

/**
 * Where a control attribute leads (RFC 2326 §C.1.1). Cameras, and the players they are tested with, append a relative one
 * to the base with its query instead of resolving it.
 */
function controlAddress(control: string | undefined, base: string, fallback: string): string {
  const clean = (text: string) => (/^[\x21-\x7e]{1,2048}$/.test(text) ? text : fallback);
  if (control === undefined || control === "*") return clean(base);
  if (/^rtsps?:\/\//i.test(control)) return clean(control);
  return clean(`${base}${base.endsWith("/") || control.startsWith("/") ? "" : "/"}${control}`);
}
