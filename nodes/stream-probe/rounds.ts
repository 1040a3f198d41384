import type { Check, Level } from "../../contracts/check";
import type { ProbeSettings } from "../../contracts/settings";
import { stateOf } from "../../contracts/reasons";
import { Agenda } from "./agenda";
import { DeepTurns } from "./deep-turns";
import { Inquiry, type InquiryOptions } from "./inquiry";
import { Limits } from "./limits";
import { MediaSessions } from "./media-sessions";
import type { MonitoredStream } from "./monitored-stream";
import type { ProbeResult } from "./probers/prober";
import { firstDelayMs, slotAfter } from "./schedule";
import { Lateness } from "./statistics";

/** A fault of this machine is logged again after this long. */
const NOT_MADE_LOG_MS = 60_000;
/** A stream that must be looked at, and whose host is full of viewers, comes back this soon. */
const MEDIA_WAIT_MS = 500;
/** ffprobe is heavy, and nobody waits for its word but the person who asked. */
const MOST_DEEP = 2;

export interface RoundsOptions extends InquiryOptions {
  /** A probe is done. */
  onCheck(monitored: MonitoredStream, check: Check): void;
}

/** Goes round the streams: probes each one in its slot, one probe of a stream at a time and only so many at once. */
export class Rounds {
  checks = 0;
  /** Slots that passed because the check before was not done, or the machine was too slow. */
  skipped = 0;
  notMade = 0;
  notMadeBecause = "";

  readonly limits = new Limits(256, 16);
  readonly mediaSessions: MediaSessions;
  readonly lateness: Lateness;
  readonly inquiry: Inquiry;
  private readonly deepTurns = new DeepTurns<MonitoredStream>(MOST_DEEP, (monitored) =>
    this.soon(monitored, 0),
  );
  private readonly agenda: Agenda<MonitoredStream>;
  private notMadeLoggedAt = -Infinity;

  constructor(private readonly options: RoundsOptions) {
    const { clock } = options;
    this.lateness = new Lateness(clock);
    this.mediaSessions = new MediaSessions(clock);
    this.inquiry = new Inquiry(options, this.mediaSessions);
    this.agenda = new Agenda(clock, (monitored, dueAt) => this.due(monitored, dueAt));
  }

  change(settings: ProbeSettings): void {
    this.limits.change(settings.max_concurrent, settings.max_handshakes_per_host);
    this.mediaSessions.change(settings.max_per_host);
    this.inquiry.picturesMissing = "";
  }

  isMediaLate({ mediaAt, mediaMs = Infinity, host }: MonitoredStream): boolean {
    const isLate = mediaAt !== undefined && this.options.clock.elapsed() - mediaAt > 2 * mediaMs;
    return isLate && !this.mediaSessions.isWatched(host);
  }

  /** @param newStreams how many streams begin together with this one */
  begin(monitored: MonitoredStream, newStreams: number): void {
    const { phase, heartbeatMs } = monitored;
    const firstAt = this.options.clock.elapsed() + firstDelayMs(phase, newStreams, heartbeatMs);
    // no second check right behind the first
    monitored.slotAt = slotAfter(firstAt + heartbeatMs / 2, phase, heartbeatMs);
    monitored.run = () => void this.probe(monitored);
    this.agenda.set(monitored.entry, firstAt);
  }

  /** One more check, out of turn. */
  soon(monitored: MonitoredStream, delayMs: number): void {
    this.agenda.set(monitored.entry, Math.min(monitored.slotAt, this.options.clock.elapsed() + delayMs));
  }

  /** A check by ffprobe, when it is its turn. */
  deep(monitored: MonitoredStream): void {
    this.deepTurns.join(monitored);
  }

  /** No check of this stream is made or counted any more. */
  leave(monitored: MonitoredStream): void {
    monitored.round++;
    this.agenda.remove(monitored.entry);
    this.deepTurns.leave(monitored);
    if (this.limits.cancel(monitored)) monitored.busy = false;
  }

  stop(): void {
    this.deepTurns.clear();
    this.agenda.clear();
    this.mediaSessions.stop();
  }

  private due(monitored: MonitoredStream, dueAt: number): void {
    const regular = dueAt >= monitored.slotAt;
    if (regular) {
      const missed = Math.floor((this.options.clock.elapsed() - dueAt) / monitored.heartbeatMs);
      monitored.slotAt = dueAt + (Math.max(0, missed) + 1) * monitored.heartbeatMs;
      this.skipped += Math.max(0, missed) + (monitored.busy ? 1 : 0);
    }
    this.agenda.set(monitored.entry, monitored.slotAt);
    if (monitored.busy) return;
    monitored.busy = true;
    monitored.wantedAt = regular ? dueAt : NaN;
    this.limits.submit(monitored);
  }

  private async probe(monitored: MonitoredStream): Promise<void> {
    const { clock } = this.options;
    const { round, wantedAt } = monitored;
    if (!Number.isNaN(wantedAt)) this.lateness.record(clock.elapsed() - wantedAt);
    const at = clock.now();
    const level = this.levelOf(monitored);
    const result = level && (await this.inquiry.ask(monitored, level));
    monitored.busy = false;
    this.limits.done(monitored);
    if (level === "media" || level === "deep") this.mediaSessions.release(monitored.host);
    if (round !== monitored.round) return;
    if (level === "deep") this.deepTurns.leave(monitored);
    else if (this.deepTurns.isAdmitted(monitored)) this.soon(monitored, MEDIA_WAIT_MS);
    if (!result) return this.soon(monitored, MEDIA_WAIT_MS);
    if ("notMade" in result) return this.countNotMade(result.notMade);
    this.checks++;
    this.options.onCheck(monitored, toCheck(monitored.stream.name, at, result));
  }

  /**
   * How far to look now. Undefined: the picture must be looked at, and the host has no place for one more viewer; a look
   * that is only due waits for the next heartbeat instead.
   */
  private levelOf(monitored: MonitoredStream): Level | undefined {
    const now = this.options.clock.elapsed();
    // a suspect is judged first
    if (this.deepTurns.isAdmitted(monitored) && !monitored.health.suspect) {
      if (this.mediaSessions.take(monitored.host)) return "deep";
      // the heartbeat goes on meanwhile
      if (Number.isNaN(monitored.wantedAt)) return undefined;
    }
    if (!monitored.wantsMedia(now)) return "handshake";
    if (this.mediaSessions.take(monitored.host)) {
      monitored.mediaAt = now;
      return "media";
    }
    return monitored.health.suspect && !this.mustDoWithHandshake(monitored) ? undefined : "handshake";
  }

  /** A probe's place is free again within seconds. While people watch, a suspect is judged by what can be seen without. */
  private mustDoWithHandshake({ health, host, wantedAt }: MonitoredStream): boolean {
    if (!this.mediaSessions.isWatched(host)) return false;
    return health.worseLevel === "handshake" || !Number.isNaN(wantedAt);
  }

  private countNotMade(because: string): void {
    this.notMade++;
    this.notMadeBecause = because;
    const now = this.options.clock.elapsed();
    if (now - this.notMadeLoggedAt < NOT_MADE_LOG_MS) return;
    this.notMadeLoggedAt = now;
    this.options.logger.warn(`probes cannot be made, and say nothing about the cameras: ${because}`);
  }
}

export function toCheck(stream: string, at: number, result: ProbeResult): Check {
  const { reason, message, latencyMs, timings, level, media } = result;
  const check: Check = { stream, at, state: stateOf(reason), reason, message, latencyMs, timings, level };
  if (media) check.media = media;
  return check;
}
