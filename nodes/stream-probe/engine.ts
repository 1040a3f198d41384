import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { findRenames, type Rename } from "../../common/renames";
import type { StreamUrl } from "../../common/stream-url";
import type { Check, StreamState } from "../../contracts/check";
import type { State } from "../../contracts/reasons";
import type { Stream } from "../../contracts/stream";
import { Failure } from "../../common/camera/failure";
import type { Network } from "../../common/camera/network";
import { Announcer } from "./announcer";
import type { MediaTools } from "./ffmpeg";
import { Health } from "./health";
import { MonitoredStream, type MonitorSettings } from "./monitored-stream";
import { Outages } from "./outages";
import { Outbox, type Output } from "./outbox";
import type { Prober } from "./probers/prober";
import { Rounds } from "./rounds";
import { phaseOf } from "./schedule";
import { StreamTests, type TestAnswer } from "./stream-tests";

export interface EngineOptions {
  clock: Clock;
  logger: Logger;
  network: Network;
  probers: Record<StreamUrl["protocol"], Prober>;
  tools: MediaTools;
  output: Output;
}

/** Which streams somebody has paused by hand. */
export interface Pauses {
  all: boolean;
  names: string[];
}

/** Numbers of an engine since its start. */
export interface EngineStatistics {
  streams: number;
  /** The monitor was stopped by hand: nothing is probed. */
  stopped: boolean;
  states: Record<State, number>;
  checks: number;
  /** Slots that passed without a check because the one before was not done yet. */
  skipped: number;
  inFlight: number;
  waiting: number;
  /** Streams whose picture was not looked at for twice as long as it should be: their hosts have no place for viewers. */
  mediaLate: number;
  latenessP99Ms: number;
  /** Probes that this machine could not make, and why the last one was not. */
  notMade: number;
  notMadeBecause: string;
  /** Why pictures are not judged although probe.picture_minutes asks for it; empty when they are. */
  picturesMissing: string;
}

/** Watches a list of streams: probes them in turn and says what is confirmed. It knows no Node-RED and no thread. */
export class ProbeEngine {
  private streams = new Map<string, MonitoredStream>();
  private settings?: MonitorSettings;
  /** What the store had confirmed, while it is not known which streams there are. */
  private early?: { confirmed: readonly StreamState[]; lastSeq: number };
  private pauses: Pauses = { all: false, names: [] };
  /** The monitor was stopped by hand. */
  private stopped = false;
  /** Streams so far: each new one gets the next phase. */
  private phases = 0;
  private readonly rounds: Rounds;
  private readonly tests: StreamTests;
  private readonly outbox: Outbox;
  private readonly announcer: Announcer;
  private readonly outages: Outages;

  constructor(private readonly options: EngineOptions) {
    const { clock, output } = options;
    this.rounds = new Rounds({
      ...options,
      onCheck: (monitored, check) => this.checked(monitored, check),
      onPicture: (monitored, jpeg) => {
        const { name } = monitored.stream;
        if (this.streams.get(name) === monitored) output.picture(name, jpeg);
      },
    });
    this.tests = new StreamTests(clock, this.rounds);
    this.outbox = new Outbox(clock, output);
    this.outages = new Outages(clock, (outage) => this.outbox.outage(outage));
    this.announcer = new Announcer(clock, this.outbox, {
      announced: ({ stream, to, at }) => this.outages.observe(stream, to, at),
      released: () => {
        for (const { health } of this.streams.values()) this.outbox.state(health);
      },
    });
  }

  /** Ends every probe that runs; no check comes of them. What is known has been told when this returns. */
  stop(): void {
    this.announcer.stop();
    this.outages.stop();
    this.rounds.stop();
    this.options.tools.stop();
    for (const monitored of this.streams.values()) this.rounds.leave(monitored);
    const ended = new Failure("connection_closed", "the monitor was stopped");
    for (const connection of [...this.options.network.connections]) connection.fail(ended);
    this.outbox.flush();
  }

  /**
   * Takes a new list. Streams that did not change keep their schedule; changed and renamed ones their health.
   * @param stopped by hand: nothing is probed, and what was confirmed becomes unknown
   */
  setStreams(
    list: readonly Stream[],
    settings: MonitorSettings,
    renames: readonly Rename[] = [],
    stopped = false,
  ): void {
    const before = this.streams;
    const isTurned = stopped !== this.stopped;
    this.stopped = stopped;
    const oldNames = this.oldNames(list, renames);
    if (!this.settings) this.announcer.start();
    const sameSettings = JSON.stringify(settings) === JSON.stringify(this.settings);
    this.settings = settings;
    this.rounds.change(settings.probe);
    this.streams = new Map();
    const fresh: MonitoredStream[] = [];
    for (const stream of list) {
      const known = before.get(oldNames.get(stream.name) ?? stream.name);
      const same = known && sameSettings && JSON.stringify(known.stream) === JSON.stringify(stream);
      const monitored = same ? known : this.monitored(stream, settings, known);
      this.streams.set(stream.name, monitored);
      if (!same || isTurned) fresh.push(monitored);
    }
    const kept = new Set(this.streams.values());
    for (const old of before.values()) if (!kept.has(old)) this.rounds.leave(old);
    this.outages.setStreams(
      list.map(({ name }) => ({ stream: name, host: this.streams.get(name)?.host ?? "" })),
      settings.heartbeat_seconds * 1000,
      (name) => oldNames.get(name) ?? name,
    );
    for (const monitored of fresh) this.begin(monitored, fresh.length);
    this.forgetUnused();
    if (this.early) this.restore(this.early.confirmed, this.early.lastSeq);
    this.early = undefined;
  }

  /** What was confirmed before this run, from the store or from the thread that died. */
  restore(confirmed: readonly StreamState[], lastSeq: number): void {
    if (!this.settings) {
      // the store was quicker than config.yaml
      this.early = { confirmed, lastSeq };
      return;
    }
    this.outages.restore(confirmed);
    this.announcer.restore(confirmed, lastSeq, (name) => this.streams.get(name)?.health);
  }

  setPauses(pauses: Pauses): void {
    const before = new Set([...this.streams.values()].filter((monitored) => this.isPaused(monitored)));
    this.pauses = pauses;
    for (const monitored of this.streams.values()) {
      if (this.isPaused(monitored) !== before.has(monitored)) this.begin(monitored, 1);
    }
  }

  /** Somebody watches a stream, or no longer: his viewing takes a place of the host's. */
  setWatched(name: string, open: boolean): void {
    const monitored = this.streams.get(name);
    if (!open) this.rounds.mediaSessions.unwatch(name);
    else if (monitored) this.rounds.mediaSessions.watch(name, monitored.host);
  }

  /** Probes what somebody typed, once. The schedule and the states know nothing of it. */
  async test(typed: Stream): Promise<TestAnswer> {
    if (!this.settings) {
      const message = "It is not known yet which streams there are: try again in a moment.";
      return { refused: { statusCode: 503, code: "starting", message } };
    }
    return this.tests.run(typed, this.streams.get(typed.name)?.stream.url, this.settings);
  }

  /**
   * @param names the streams to check now; none means all
   * @param level deep: by ffprobe, when it is their turn
   */
  checkNow(names: readonly string[], level?: "deep"): void {
    if (this.stopped) return this.options.logger.warn("check: the monitor is stopped, and probes nothing");
    for (const name of names.length === 0 ? this.streams.keys() : names) {
      const monitored = this.streams.get(name);
      if (!monitored) this.options.logger.warn(`check: no stream is named ${JSON.stringify(name)}`);
      else if (this.isPaused(monitored)) continue;
      else if (level === "deep") this.rounds.deep(monitored);
      else this.rounds.soon(monitored, 0);
    }
  }

  statistics(): EngineStatistics {
    const states: Record<State, number> = { up: 0, degraded: 0, down: 0, pending: 0, paused: 0, unknown: 0 };
    let mediaLate = 0;
    for (const monitored of this.streams.values()) {
      states[monitored.health.state]++;
      if (this.rounds.isMediaLate(monitored)) mediaLate++;
    }
    const { checks, skipped, notMade, notMadeBecause, limits, lateness, inquiry } = this.rounds;
    return {
      streams: this.streams.size,
      stopped: this.stopped,
      states,
      checks,
      skipped,
      inFlight: limits.inFlight,
      waiting: limits.waiting,
      mediaLate,
      latenessP99Ms: lateness.p99Ms,
      notMade,
      notMadeBecause,
      picturesMissing: inquiry.picturesMissing,
    };
  }

  private checked(monitored: MonitoredStream, check: Check): void {
    const { health, confirmFailures, recheckMs } = monitored;
    this.outbox.check(check);
    // ffprobe does not know every camera: what it cannot read is told, and alone it is no verdict
    if (check.level === "deep" && check.state !== "up") return;
    const { transition, suspect, changed } = health.observe(check, confirmFailures);
    if (transition) this.announcer.announce(health, transition);
    if (changed) this.tellState(health);
    if (suspect) this.rounds.soon(monitored, recheckMs);
  }

  /** New name to old name. */
  private oldNames(list: readonly Stream[], renames: readonly Rename[]): Map<string, string> {
    const before = [...this.streams.values()].map(({ stream }) => stream);
    return new Map(findRenames(before, list, renames).map(({ from, to }) => [to, from]));
  }

  private monitored(
    stream: Stream,
    settings: MonitorSettings,
    known: MonitoredStream | undefined,
  ): MonitoredStream {
    const health = new Health(stream.name, this.options.clock.now());
    if (known) health.takeOver(known.health);
    const phase = known?.phase ?? phaseOf(this.phases++);
    return new MonitoredStream(stream, settings, phase, health, known);
  }

  /** Lets a stream take part, or takes it out when it is paused or everything is stopped. */
  private begin(monitored: MonitoredStream, newStreams: number): void {
    const { health } = monitored;
    const now = this.options.clock.now();
    if (this.isPaused(monitored)) {
      this.rounds.leave(monitored);
      const transition = health.pause(now);
      if (transition) this.announcer.announce(health, transition);
    } else if (this.stopped) {
      this.rounds.leave(monitored);
      health.lose(now);
    } else {
      this.rounds.begin(monitored, newStreams);
    }
    this.tellState(health);
  }

  private tellState(health: Health): void {
    if (!this.announcer.waiting) this.outbox.state(health);
  }

  private isPaused({ stream }: MonitoredStream): boolean {
    return !stream.enabled || this.pauses.all || this.pauses.names.includes(stream.name);
  }

  private forgetUnused(): void {
    const hosts = new Set([...this.streams.values()].map(({ host }) => host));
    this.options.network.resolver.keepOnly(hosts);
    this.rounds.mediaSessions.keepOnly(this.streams);
  }
}
