import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { settingsSchema } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import { ProbeClient } from "./probe-client";
import type { TestAnswer } from "./stream-tests";

/** As much of a ProbeClient as a test needs. */
export interface Tester {
  test(stream: Stream): Promise<TestAnswer>;
}
export interface OwnTester extends Tester {
  start(): void;
  stop(): Promise<void>;
}

/** So long a refused password is remembered, and not sent again: the thread that remembers it stays so long. */
const IDLE_MS = 300_000;

/**
 * Tries URLs for the editor's forms, which want an answer before anything is deployed. A monitor that runs does it,
 * within its limits and with what it knows of refused passwords; where none runs, a thread of our own does, and ends
 * when it was not used for five minutes.
 */
export class TestDesk {
  private readonly monitors = new Set<Tester>();
  private own?: OwnTester;
  private running = 0;
  private idle: unknown;

  constructor(
    private readonly clock: Clock,
    private readonly makeOwn: () => OwnTester,
  ) {}

  /** A monitor has been started. @returns what to call when it ends */
  add(monitor: Tester): () => void {
    this.monitors.add(monitor);
    return () => void this.monitors.delete(monitor);
  }

  async test(stream: Stream): Promise<TestAnswer> {
    for (const monitor of this.monitors) {
      const answer = await monitor.test(stream);
      // one that has no streams yet knows no limits either
      if (!("refused" in answer) || answer.refused.code !== "starting") return answer;
    }
    return this.testAlone(stream);
  }

  /** Ends the thread of our own, if there is one. */
  async stop(): Promise<void> {
    this.clock.clearTimeout(this.idle);
    const { own } = this;
    this.own = undefined;
    await own?.stop();
  }

  private async testAlone(stream: Stream): Promise<TestAnswer> {
    this.clock.clearTimeout(this.idle);
    if (!this.own) {
      this.own = this.makeOwn();
      this.own.start();
    }
    this.running++;
    try {
      return await this.own.test(stream);
    } finally {
      if (--this.running === 0) this.idle = this.clock.setTimeout(() => void this.stop(), IDLE_MS);
    }
  }
}

/** A probe thread that watches nothing. */
export function idleMonitor(clock: Clock, logger: Logger): OwnTester {
  const client = new ProbeClient({
    clock,
    logger,
    onChecks: () => {},
    onTransition: () => {},
    onOutage: () => {},
    onStates: () => {},
    onPicture: () => {},
    onStatistics: () => {},
  });
  client.setStreams([], settingsSchema.parse({}), []);
  return client;
}
