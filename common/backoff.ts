/**
 * How long to wait before another try: doubles from `firstMs` to `mostMs` and starts anew once something has run
 * well for `mostMs`. No randomness: for own workers and processes, not for servers that many clients share.
 */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly firstMs = 1000,
    private readonly mostMs = 60_000,
  ) {
    this.nextMs = firstMs;
  }

  /** @param ranForMs how long the last try went well */
  next(ranForMs: number): number {
    if (ranForMs >= this.mostMs) this.nextMs = this.firstMs;
    const delayMs = this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, this.mostMs);
    return delayMs;
  }
}
