import type { Clock } from "../../common/clock";
import type { StreamState, Transition } from "../../contracts/check";
import type { State } from "../../contracts/reasons";
import type { Health, UnnumberedTransition } from "./health";
import type { Outbox } from "./outbox";

/** So long the store may take to tell what was confirmed before this run. */
const PATIENCE_MS = 3000;
const WITHOUT_VERDICT: ReadonlySet<State> = new Set<State>(["pending", "unknown"]);

export interface AnnouncerListener {
  /** A transition was announced just now. */
  announced(transition: Transition): void;
  /** The wait is over. */
  released(): void;
}

/**
 * Numbers transitions and announces them once. After a start it holds them back until the store has told what was
 * confirmed last, so that a restart announces nothing that was announced before; without a store it goes on by itself.
 */
export class Announcer {
  /** True until it is known what was confirmed before this run: states of now are not told before that either. */
  waiting = true;
  private seq: number;
  private timer: unknown;
  private readonly held = new Map<Health, UnnumberedTransition>();

  constructor(
    private readonly clock: Clock,
    private readonly outbox: Outbox,
    private readonly listener: AnnouncerListener,
  ) {
    // the time in milliseconds grows faster than transitions happen, so the numbers grow from run to run
    this.seq = clock.now();
  }

  /** The first streams are there. */
  start(): void {
    this.timer = this.clock.setTimeout(() => this.release(), PATIENCE_MS);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
  }

  announce(health: Health, transition: UnnumberedTransition): void {
    if (!this.waiting) {
      const numbered: Transition = { ...transition, seq: ++this.seq };
      this.outbox.transition(numbered);
      this.listener.announced(numbered);
      return;
    }
    const earlier = this.held.get(health);
    this.held.set(health, earlier ? { ...transition, from: earlier.from } : transition);
  }

  /**
   * What the store had confirmed. The first time it settles what is held back; later (the store was started again) it
   * makes sure that the store hears the states of now.
   */
  restore(
    confirmed: readonly StreamState[],
    lastSeq: number,
    healthOf: (stream: string) => Health | undefined,
  ): void {
    this.seq = Math.max(this.seq, lastSeq);
    for (const state of confirmed) {
      const health = healthOf(state.stream);
      if (!health) continue;
      const held = this.held.get(health);
      if (held) this.settle(health, held, state);
      else if (WITHOUT_VERDICT.has(health.state) && state.state !== "unknown") health.restore(state);
    }
    this.release();
  }

  private settle(health: Health, held: UnnumberedTransition, before: StreamState): void {
    if (before.state === health.state) {
      health.since = before.since;
      this.held.delete(health);
    } else if (before.state !== "unknown") {
      this.held.set(health, {
        ...held,
        from: before.state,
        previousDurationMs: Math.max(0, held.at - before.since),
      });
    }
  }

  private release(): void {
    this.clock.clearTimeout(this.timer);
    this.waiting = false;
    const inOrder = [...this.held].sort(([, a], [, b]) => a.at - b.at);
    this.held.clear();
    for (const [health, transition] of inOrder) this.announce(health, transition);
    this.listener.released();
  }
}
