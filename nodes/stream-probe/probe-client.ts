import path from "node:path";
import type { Clock } from "../../common/clock";
import { killGroup } from "../../common/ffmpeg/child-process";
import type { Logger } from "../../common/logger";
import type { Rename } from "../../common/renames";
import { SupervisedWorker } from "../../common/supervised-worker";
import type { Check, Outage, StreamState, Transition } from "../../contracts/check";
import { isStopped, type Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { EngineStatistics, Pauses } from "./engine";
import type { MonitorSettings } from "./monitored-stream";
import type { FromWorker, ToWorker } from "./probe-messages";
import type { RunFacts } from "./probe-report";
import type { TestAnswer } from "./stream-tests";

/** A thread that says nothing for so long hangs. It reports every second. */
const SILENCE_MS = 20_000;
const TURN_MS = 1000;
const MOST_ERROR_CHARACTERS = 300;
const INTERRUPTED: TestAnswer = {
  refused: {
    statusCode: 503,
    code: "interrupted",
    message: "The monitor is being started again: try again in a moment.",
  },
};

export interface ProbeClientOptions {
  clock: Clock;
  logger: Logger;
  onChecks(checks: Check[]): void;
  onTransition(transition: Transition): void;
  onOutage(outage: Outage): void;
  onStates(states: StreamState[]): void;
  /** A picture that was looked at, as a JPEG. */
  onPicture(stream: string, jpeg: Buffer): void;
  /** Once a second, and with undefined when the thread has died. */
  onStatistics(statistics: EngineStatistics | undefined): void;
  /** How long it may say nothing, for tests. */
  silenceMs?: number;
}

/**
 * The side of the probe thread that Node-RED sees. It remembers what the thread was told and what it has confirmed, so
 * that a thread that dies is replaced by one that goes on where it stopped; meanwhile its streams are pending.
 */
export class ProbeClient {
  private streams?: Extract<ToWorker, { kind: "streams" }>;
  private pauses: Pauses = { all: false, names: [] };
  private readonly confirmed = new Map<string, StreamState>();
  private lastSeq = 0;
  private watchdog: unknown;
  private silentMs = 0;
  /** What the thread has started and what would outlive it. */
  private readonly children = new Set<number>();
  private worker: SupervisedWorker<ToWorker, FromWorker>;
  private closed = false;
  /** Restarts come one after another. */
  private restarting = Promise.resolve();
  private readonly run: RunFacts = { runningSince: null, restarts: 0, lastError: null };
  private readonly tests = new Map<number, (answer: TestAnswer) => void>();
  private testIds = 0;

  constructor(private readonly options: ProbeClientOptions) {
    this.worker = this.newWorker();
  }

  get facts(): Readonly<RunFacts> {
    return this.run;
  }

  start(): void {
    this.worker.start();
  }

  async stop(): Promise<void> {
    this.closed = true;
    this.options.clock.clearTimeout(this.watchdog);
    await this.worker.stop();
    this.endChildren();
    this.interruptTests();
    await this.restarting;
  }

  /** Ends the thread with everything that it does, and begins anew. The states of the streams stay. */
  restart(): Promise<void> {
    this.restarting = this.restarting.then(async () => {
      await this.worker.stop();
      this.endChildren();
      this.interruptTests();
      if (this.closed) return;
      this.worker = this.newWorker();
      this.run.restarts++;
      this.worker.start();
    });
    return this.restarting;
  }

  /** Ends a thread that hangs; another takes its place. */
  killWorker(): void {
    this.worker.kill();
  }

  setStreams(
    streams: Stream[],
    settings: MonitorSettings & Pick<Settings, "services">,
    renames: Rename[],
  ): void {
    // the thread gets what it needs and no more: settings hold the broker's password
    const { heartbeat_seconds, probe, handshake_timeout_ms } = settings;
    const stopped = isStopped(settings, "monitor");
    if (stopped !== this.streams?.stopped) this.run.runningSince = stopped ? null : this.options.clock.now();
    this.streams = {
      kind: "streams",
      streams,
      settings: { heartbeat_seconds, probe, handshake_timeout_ms },
      renames,
      stopped,
    };
    const names = new Set(streams.map(({ name }) => name));
    for (const name of this.confirmed.keys()) if (!names.has(name)) this.confirmed.delete(name);
    this.worker.post(this.streams);
  }

  restore(states: StreamState[], lastSeq: number): void {
    this.worker.post({ kind: "confirmed", states, lastSeq });
  }

  /** @param names none means all */
  checkNow(names: string[], level?: "deep"): void {
    this.worker.post({ kind: "check", names, level });
  }

  /** Somebody watches a stream, or no longer. */
  setWatched(stream: string, open: boolean): void {
    this.worker.post({ kind: "session", stream, open });
  }

  /** Probes what somebody typed, once. */
  test(stream: Stream): Promise<TestAnswer> {
    return new Promise((resolve) => {
      const id = ++this.testIds;
      this.tests.set(id, resolve);
      if (!this.worker.post({ kind: "test", id, stream })) this.interruptTests();
    });
  }

  /** @param names none means all */
  pause(names: string[]): void {
    const all = this.pauses.all || names.length === 0;
    this.setPauses({ all, names: [...new Set([...this.pauses.names, ...names])] });
  }

  /** @param names none means all */
  resume(names: string[]): void {
    if (names.length === 0) this.setPauses({ all: false, names: [] });
    else
      this.setPauses({
        all: this.pauses.all,
        names: this.pauses.names.filter((name) => !names.includes(name)),
      });
  }

  private newWorker(): SupervisedWorker<ToWorker, FromWorker> {
    return new SupervisedWorker<ToWorker, FromWorker>({
      name: "probe worker",
      file: path.join(__dirname, "probe-worker.js"),
      logger: this.options.logger,
      clock: this.options.clock,
      onMessage: (message) => this.receive(message),
      onStart: () => this.brief(),
      onDeath: (reason) => this.mourn(reason),
    });
  }

  private setPauses(pauses: Pauses): void {
    this.pauses = pauses;
    this.worker.post({ kind: "pauses", pauses });
  }

  private brief(): void {
    this.silentMs = 0;
    this.watch();
    if (!this.streams?.stopped) this.run.runningSince = this.options.clock.now();
    if (this.pauses.all || this.pauses.names.length > 0)
      this.worker.post({ kind: "pauses", pauses: this.pauses });
    if (this.streams) this.worker.post({ ...this.streams, renames: [] });
    if (this.confirmed.size > 0) this.restore([...this.confirmed.values()], this.lastSeq);
  }

  private mourn(reason: string): void {
    this.options.clock.clearTimeout(this.watchdog);
    this.run.restarts++;
    this.run.lastError = (reason.split("\n", 1)[0] ?? "").slice(0, MOST_ERROR_CHARACTERS);
    this.run.runningSince = null;
    this.endChildren();
    this.interruptTests();
    if (!this.streams?.stopped) this.options.onStates(this.pendingStates());
    this.options.onStatistics(undefined);
  }

  private pendingStates(): StreamState[] {
    const since = this.options.clock.now();
    return [...this.confirmed.values()]
      .filter(({ state }) => state !== "paused")
      .map(({ stream }) => ({ stream, state: "pending", reason: null, since, level: null }));
  }

  private receive(message: FromWorker): void {
    switch (message.kind) {
      case "checks":
        return this.options.onChecks(message.checks);
      case "transition": {
        const { stream, to, reason, at, level, seq } = message.transition;
        this.confirmed.set(stream, { stream, state: to, reason, since: at, level });
        this.lastSeq = seq;
        return this.options.onTransition(message.transition);
      }
      case "outage":
        return this.options.onOutage(message.outage);
      case "states":
        for (const state of message.states)
          if (state.state !== "pending" && state.state !== "unknown") this.confirmed.set(state.stream, state);
        return this.options.onStates(message.states);
      case "picture":
        return this.options.onPicture(message.stream, Buffer.from(message.jpeg));
      case "tested":
        this.tests.get(message.id)?.(message.answer);
        return void this.tests.delete(message.id);
      case "child":
        if (message.runs) this.children.add(message.pid);
        else this.children.delete(message.pid);
        return;
      case "statistics":
        this.silentMs = 0;
        return this.options.onStatistics(message.statistics);
    }
  }

  private interruptTests(): void {
    for (const answer of this.tests.values()) answer(INTERRUPTED);
    this.tests.clear();
  }

  private endChildren(): void {
    for (const pid of this.children) killGroup(pid);
    this.children.clear();
  }

  /**
   * Counts turns of our own loop and not the time: where this process was frozen or its loop held up, the reports wait
   * to be read behind the timer.
   */
  private watch(): void {
    const { clock, logger, silenceMs = SILENCE_MS } = this.options;
    clock.clearTimeout(this.watchdog);
    if (this.closed) return;
    this.watchdog = clock.setTimeout(() => {
      this.silentMs += TURN_MS;
      if (this.silentMs < silenceMs) return this.watch();
      logger.error(`the probe worker has said nothing for ${silenceMs / 1000} s`);
      this.killWorker();
    }, TURN_MS);
  }
}
