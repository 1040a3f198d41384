import type { Clock } from "../../common/clock";

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** A clock that stands still until a test moves it on. */
export class FakeClock implements Clock {
  private timers: Timer[] = [];
  private order = 0;
  private elapsedMs = 0;

  /** @param startedAt epoch milliseconds of the beginning */
  constructor(private readonly startedAt = Date.UTC(2026, 0, 15, 12, 0, 0)) {}

  now(): number {
    return this.startedAt + this.elapsedMs;
  }

  elapsed(): number {
    return this.elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer = { at: this.elapsedMs + delayMs, order: this.order++, callback };
    this.timers.push(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.timers = this.timers.filter((other) => other !== timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.length;
  }

  /** How long until the next timer runs out; undefined when none is set. */
  get nextMs(): number | undefined {
    const [next] = this.timers.sort(byTime);
    return next && next.at - this.elapsedMs;
  }

  /** Moves on, timer by timer, at once: no promise is kept meanwhile. */
  pass(ms: number): void {
    const end = this.elapsedMs + ms;
    while (this.fireNext(end));
    this.elapsedMs = end;
  }

  /** Moves on step by step: after each timer, what was promised meanwhile happens first. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsedMs + ms;
    do await settle();
    while (this.fireNext(end));
    this.elapsedMs = end;
    await settle();
  }

  /** @returns false when no timer runs out until then */
  private fireNext(end: number): boolean {
    const [next] = this.timers.sort(byTime);
    if (!next || next.at > end) return false;
    this.clearTimeout(next);
    this.elapsedMs = Math.max(this.elapsedMs, next.at);
    next.callback();
    return true;
  }
}

const byTime = (one: Timer, other: Timer) => one.at - other.at || one.order - other.order;

/** Lets promises that are resolved already go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
