import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { RtpTrack, type StreamShape, type Track, TRACKS } from "./rtp-stream";

/** Beyond this many unread bytes a slow receiver loses pictures, as with a real camera. */
const MOST_UNREAD_BYTES = 256 * 1024;

/** One receiver's session: the tracks it set up, and the clock that sends them over its RTSP connection. */
export class RtspSession {
  readonly id = randomBytes(8).toString("hex");
  private readonly tracks = new Map<Track, { rtp: RtpTrack; channel: number }>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    readonly shape: StreamShape,
  ) {}

  get playing(): boolean {
    return this.timer !== undefined;
  }

  get hasTracks(): boolean {
    return this.tracks.size > 0;
  }

  /**
   * @param wanted the channel that the client asks for; another is taken where it is not free
   * @returns the channel for RTP; the next one is for RTCP
   */
  setup(track: Track, wanted: number | undefined): { channel: number; ssrc: number } {
    this.tracks.delete(track);
    const used = [...this.tracks.values()].map(({ channel }) => channel);
    const free = (channel: number) => used.every((other) => Math.abs(other - channel) > 1);
    const channel = wanted !== undefined && free(wanted) ? wanted : ([0, 2, 4].find(free) as number);
    const rtp = new RtpTrack(track, this.shape, channel);
    this.tracks.set(track, { rtp, channel });
    return { channel, ssrc: rtp.ssrc };
  }

  /** @returns the value of `RTP-Info` (RFC 2326 section 12.33): where each track begins */
  rtpInfo(controlUrl: (track: Track) => string): string {
    return [...this.tracks]
      .map(([track, { rtp }]) => `url=${controlUrl(track)};seq=${rtp.sequence};rtptime=${rtp.timestamp}`)
      .join(",");
  }

  play(): void {
    if (this.playing) return;
    this.timer = setInterval(() => this.send(), 1000 / this.shape.fps);
    this.send();
  }

  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private send(): void {
    if (this.socket.destroyed || !this.socket.writable) return this.end();
    for (const track of TRACKS) {
      const bytes = this.tracks.get(track)?.rtp.next();
      if (bytes && this.socket.writableLength < MOST_UNREAD_BYTES) this.socket.write(bytes);
    }
  }
}
