import type { Clock } from "../../common/clock";
import type { Check, Outage, StreamState, Transition } from "../../contracts/check";
import type { Health } from "./health";

/** What an engine tells. */
export interface Output {
  checks(checks: Check[]): void;
  transition(transition: Transition): void;
  outage(outage: Outage): void;
  states(states: StreamState[]): void;
  /** A picture that was looked at, as a JPEG. */
  picture(stream: string, jpeg: Buffer): void;
}

/** A message for each check would cost more than the check: they leave together. */
const FLUSH_MS = 100;
const MOST_CHECKS = 500;

/** Collects what happened and hands it on in order: the checks that led to a transition always leave before it. */
export class Outbox {
  private checks: Check[] = [];
  private readonly changed = new Set<Health>();
  private timer: unknown;

  constructor(
    private readonly clock: Clock,
    private readonly output: Output,
  ) {}

  check(check: Check): void {
    this.checks.push(check);
    if (this.checks.length >= MOST_CHECKS) this.flush();
    else this.arm();
  }

  transition(transition: Transition): void {
    this.flush();
    this.output.transition(transition);
  }

  outage(outage: Outage): void {
    this.flush();
    this.output.outage(outage);
  }

  /** The state of this stream is to be told although no transition led to it. */
  state(health: Health): void {
    this.changed.add(health);
    this.arm();
  }

  flush(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = undefined;
    if (this.checks.length > 0) {
      const { checks } = this;
      this.checks = [];
      this.output.checks(checks);
    }
    if (this.changed.size > 0) {
      const states = [...this.changed].map((health) => health.snapshot());
      this.changed.clear();
      this.output.states(states);
    }
  }

  private arm(): void {
    this.timer ??= this.clock.setTimeout(() => this.flush(), FLUSH_MS);
  }
}
