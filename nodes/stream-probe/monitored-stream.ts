import { parseStreamUrl, wholeUrl, type StreamUrl } from "../../common/stream-url";
import type { Level } from "../../contracts/check";
import type { Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { AgendaEntry } from "./agenda";
import type { Health } from "./health";
import type { Job } from "./limits";
import { PictureWatch } from "./picture/picture-watch";
import type { ProbeMemory } from "./probers/prober";
import { SecondOpinion } from "./second-opinion";

const TIMEOUT_MS: Record<Level, number> = { handshake: 3500, media: 10_000, deep: 15_000 };
/** A second opinion that was good counts so long, where the picture is looked at only once. */
const OPINION_MS = 60_000;
/** A suspect stream is looked at again this soon: at once, but not within the same blip. */
const RECHECK_MS = 1000;

/** What of config.yaml concerns probing. */
export type MonitorSettings = Pick<Settings, "heartbeat_seconds" | "probe" | "handshake_timeout_ms">;

/** One stream with everything that the engine keeps about it. A changed entry of config.yaml makes a new one. */
export class MonitoredStream implements Job {
  readonly url: StreamUrl;
  readonly host: string;
  /** The URL in the one spelling by which refused credentials are remembered. */
  readonly account: string;
  readonly heartbeatMs: number;
  /** Time between looks at the picture; Infinity: one look is enough; undefined: never look. */
  readonly mediaMs?: number;
  /** Looks at what the picture shows; undefined: nobody asked for that. */
  readonly picture?: PictureWatch;
  /** Undefined: the picture is never looked at, so nobody else is to look at it either. */
  readonly opinion?: SecondOpinion;
  readonly memory: ProbeMemory;
  /** Limit of a whole probe. */
  readonly timeoutMs: Record<Level, number>;
  readonly confirmFailures: number;
  readonly recheckMs: number;
  readonly entry: AgendaEntry<MonitoredStream> = { item: this, dueAt: 0, index: -1 };
  /** Its next regular check, on the clock that never jumps. */
  slotAt = 0;
  /** The regular slot that the probe which waits or runs is for; NaN when it is out of turn. */
  wantedAt = NaN;
  /** A probe waits or runs. */
  busy = false;
  /** When the picture was last looked at; undefined: not yet. */
  mediaAt?: number;
  /** Grows when the stream is taken off, so that what still runs for it is not counted. */
  round = 0;
  /** What `Limits` calls when it is this stream's turn. */
  run: () => void = () => {};

  constructor(
    readonly stream: Stream,
    settings: MonitorSettings,
    /** Its place in a heartbeat, 0 to 1. */
    readonly phase: number,
    readonly health: Health,
    /** The same stream under its entry until now. */
    before?: MonitoredStream,
  ) {
    // what was seen under another URL is of another stream
    const known = before?.stream.url === stream.url ? before : undefined;
    this.memory = known?.memory ?? {};
    this.url = parseStreamUrl(stream.url);
    this.host = this.url.host;
    this.account = wholeUrl(this.url);
    this.heartbeatMs = (stream.heartbeat_seconds ?? settings.heartbeat_seconds) * 1000;
    const timeoutMs = stream.timeout_ms ?? settings.probe.timeout_ms;
    this.timeoutMs = {
      handshake: timeoutMs ?? settings.handshake_timeout_ms?.[this.url.protocol] ?? TIMEOUT_MS.handshake,
      media: timeoutMs ?? TIMEOUT_MS.media,
      // it is no part of the rounds, and ffprobe needs its seconds whatever the camera's limit is
      deep: Math.max(timeoutMs ?? 0, TIMEOUT_MS.deep),
    };
    const mediaMs = settings.probe.media_seconds * 1000;
    if ((stream.level ?? settings.probe.level) === "media") {
      this.mediaMs = mediaMs === 0 ? Infinity : Math.max(mediaMs, this.heartbeatMs);
      this.opinion = new SecondOpinion((mediaMs === 0 ? OPINION_MS : this.mediaMs) - this.heartbeatMs / 2);
      const pictureMinutes = stream.picture_minutes ?? settings.probe.picture_minutes;
      if (pictureMinutes > 0) this.picture = pictureWatch(pictureMinutes * 60_000, phase, known?.picture);
    }
    this.confirmFailures = stream.confirm_failures ?? settings.probe.confirm_failures;
    this.recheckMs = Math.min(RECHECK_MS, this.heartbeatMs / 4);
  }

  /** The picture is to be looked at: for the first time, again, or because something is or was wrong. */
  wantsMedia(now: number): boolean {
    if (this.mediaMs === undefined) return false;
    // half a heartbeat early rather than a whole one late
    return (
      this.mediaAt === undefined ||
      this.health.doubtful ||
      now - this.mediaAt >= this.mediaMs - this.heartbeatMs / 2 ||
      this.picture?.isDue(now, this.health.suspect) === true
    );
  }
}

/** What a picture showed counts on, so that a change of other settings clears nothing. */
function pictureWatch(intervalMs: number, phase: number, known: PictureWatch | undefined): PictureWatch {
  return known?.intervalMs === intervalMs ? known : new PictureWatch(intervalMs, phase);
}
