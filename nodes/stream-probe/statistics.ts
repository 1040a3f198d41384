import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Clock } from "../../common/clock";

const WINDOW_MS = 60_000;

/** How late regular checks began, over the last one to two minutes. */
export class Lateness {
  private current: RecordableHistogram = createHistogram();
  private previous: RecordableHistogram = createHistogram();
  private turnedAt: number;

  constructor(private readonly clock: Clock) {
    this.turnedAt = clock.elapsed();
  }

  record(lateMs: number): void {
    // the histogram takes whole numbers from 1 on
    this.current.record(Math.max(1, Math.round(lateMs * 1000)));
  }

  /** The larger of both windows, in milliseconds; 0 before anything was late. */
  get p99Ms(): number {
    this.turn();
    const micros = Math.max(
      ...[this.current, this.previous].map((window) => (window.count ? window.percentile(99) : 0)),
    );
    return Math.round(micros / 10) / 100;
  }

  private turn(): void {
    if (this.clock.elapsed() - this.turnedAt < WINDOW_MS) return;
    [this.current, this.previous] = [this.previous, this.current];
    this.current.reset();
    this.turnedAt = this.clock.elapsed();
  }
}
