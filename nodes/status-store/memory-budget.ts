import type { Retention } from "./store-messages";

/** Each time that it is too much, so much of the time that is kept remains. */
const SHRINK = 0.7;
const GROW = 1.1;
const LEAST_SHARE = 0.02;
const LOOK_EVERY_MS = 60_000;

/**
 * How long a history in memory is kept: never longer than `mostKept`, and as much shorter as it takes to stay below
 * `mostBytes`.
 */
export class MemoryBudget {
  private share = 1;
  private lookedAt = -Infinity;

  constructor(
    readonly mostBytes: number,
    private readonly mostKept: Retention,
  ) {}

  shorten({ checks_days, rollup_days }: Retention): Retention {
    return {
      checks_days: Math.min(checks_days, this.mostKept.checks_days) * this.share,
      rollup_days: Math.min(rollup_days, this.mostKept.rollup_days) * this.share,
    };
  }

  /**
   * Looks once a minute.
   * @param elapsedMs a time that never jumps
   * @returns true when something has to go now
   */
  isExceeded(usedBytes: number, elapsedMs: number): boolean {
    if (elapsedMs - this.lookedAt < LOOK_EVERY_MS) return false;
    this.lookedAt = elapsedMs;
    const isTooMuch = usedBytes > this.mostBytes;
    if (isTooMuch) this.share = Math.max(LEAST_SHARE, this.share * SHRINK);
    else if (usedBytes < this.mostBytes / 2) this.share = Math.min(1, this.share * GROW);
    return isTooMuch;
  }
}
