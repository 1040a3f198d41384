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
  constructor(public startedAt = Date.UTC(2026, 0, 15, 12, 0, 0)) {}

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

  /** Moves on step by step: after each timer, what was promised meanwhile happens first. */
  async advance(byMs: number): Promise<void> {
    const until = this.elapsedMs + byMs;
    for (;;) {
      await settle();
      const next = this.timers
        .filter(({ at }) => at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.elapsedMs = Math.max(this.elapsedMs, next.at);
      next.callback();
    }
    this.elapsedMs = until;
    await settle();
  }
}

/** Lets promises that are resolved already go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
