import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { StreamUrl } from "../../common/stream-url";
import type { Check } from "../../contracts/check";
import { stateOf } from "../../contracts/reasons";
import { Agenda } from "./agenda";
import { CredentialLock } from "./credential-lock";
import { Limits } from "./limits";
import type { MonitoredStream } from "./monitored-stream";
import type { Network } from "./probers/network";
import type { ProbeNotMade, Prober, ProbeResult } from "./probers/prober";
import { firstDelayMs, slotAfter } from "./schedule";
import { Lateness } from "./statistics";

/** A fault of this machine is logged again after this long. */
const NOT_MADE_LOG_MS = 60_000;

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
    const result = await this.ask(monitored);
    monitored.busy = false;
    this.limits.done(monitored);
    if (round !== monitored.round) return;
    if ("notMade" in result) return this.countNotMade(result.notMade);
    this.checks++;
    this.options.onCheck(monitored, toCheck(monitored.stream.name, at, result));
  }

  private async ask(monitored: MonitoredStream): Promise<ProbeResult | ProbeNotMade> {
    const { stream, url, timeoutMs } = monitored;
    const { network, probers, logger } = this.options;
    try {
      const result = await probers[url.protocol].probe(
        {
          url,
          level: "handshake",
          timeoutMs,
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
