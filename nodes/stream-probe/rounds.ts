import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { StreamUrl } from "../../common/stream-url";
import type { Check, Level } from "../../contracts/check";
import type { ProbeSettings } from "../../contracts/settings";
import { stateOf } from "../../contracts/reasons";
import { Agenda } from "./agenda";
import { CredentialLock } from "./credential-lock";
import { Limits } from "./limits";
import { MediaSessions } from "./media-sessions";
import type { MonitoredStream } from "./monitored-stream";
import type { Network } from "./probers/network";
import type { ProbeNotMade, Prober, ProbeResult } from "./probers/prober";
import { firstDelayMs, slotAfter } from "./schedule";
import { Lateness } from "./statistics";

/** A fault of this machine is logged again after this long. */
const NOT_MADE_LOG_MS = 60_000;
/** A suspect stream whose host is full of viewers comes back this soon. */
const MEDIA_WAIT_MS = 500;

export interface RoundsOptions {
  clock: Clock;
  logger: Logger;
  network: Network;
  probers: Record<StreamUrl["protocol"], Prober>;
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
  readonly mediaSessions = new MediaSessions(2);
  readonly lateness: Lateness;
  readonly credentialLock: CredentialLock;
  private readonly agenda: Agenda<MonitoredStream>;
  private notMadeLoggedAt = -Infinity;

  constructor(private readonly options: RoundsOptions) {
    const { clock } = options;
    this.lateness = new Lateness(clock);
    this.credentialLock = new CredentialLock(clock);
    this.agenda = new Agenda(clock, (monitored, dueAt) => this.due(monitored, dueAt));
  }

  change(settings: ProbeSettings): void {
    this.limits.change(settings.max_concurrent, settings.max_handshakes_per_host);
    this.mediaSessions.change(settings.max_per_host);
  }

  isMediaLate({ mediaAt, mediaMs = Infinity }: MonitoredStream): boolean {
    return mediaAt !== undefined && this.options.clock.elapsed() - mediaAt > 2 * mediaMs;
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

  /** No check of this stream is made or counted any more. */
  leave(monitored: MonitoredStream): void {
    monitored.round++;
    this.agenda.remove(monitored.entry);
    if (this.limits.cancel(monitored)) monitored.busy = false;
  }

  stop(): void {
    this.agenda.clear();
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
    const result = level && (await this.ask(monitored, level));
    monitored.busy = false;
    this.limits.done(monitored);
    if (level === "media") this.mediaSessions.release(monitored.host);
    if (round !== monitored.round) return;
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
    if (!monitored.wantsMedia(now)) return "handshake";
    if (!this.mediaSessions.take(monitored.host)) return monitored.health.suspect ? undefined : "handshake";
    monitored.mediaAt = now;
    return "media";
  }

  private async ask(monitored: MonitoredStream, level: Level): Promise<ProbeResult | ProbeNotMade> {
    const { stream, url } = monitored;
    const { network, probers, logger } = this.options;
    try {
      const result = await probers[url.protocol].probe(
        {
          url,
          level,
          timeoutMs: monitored.timeoutMs[level],
          transport: stream.transport ?? "tcp",
          tlsVerify: stream.tls_verify ?? false,
          withholdCredentials: this.credentialLock.mustWithhold(stream.url),
        },
        network,
      );
      if ("notMade" in result) return result;
      if (result.credentialsRefused) this.credentialLock.refused(stream.url);
      else if (result.reason === "ok") this.credentialLock.accepted(stream.url);
      return result;
    } catch (error) {
      // a prober throws only for bugs; one stream's bug must not stop the others
      logger.error(
        `${url.protocol} prober failed on ${url.origin}: ${String((error as Error).stack ?? error)}`,
      );
      return { notMade: `the ${url.protocol} prober failed on ${url.origin}` };
    }
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

function toCheck(stream: string, at: number, result: ProbeResult): Check {
  const { reason, message, latencyMs, timings, level, media } = result;
  const check: Check = { stream, at, state: stateOf(reason), reason, message, latencyMs, timings, level };
  if (media) check.media = media;
  return check;
}
