import type { Clock } from "../../common/clock";
import type { HistoryAnswer } from "./history";

/** A question that is asked again so soon gets the same answer. */
const KEPT_MS = 1000;
const MOST_ANSWERS = 50;
/** A few of the largest: uptime of 10,000 streams is 6 MB. */
const MOST_BYTES = 32 * 1024 * 1024;

interface Kept {
  at: number;
  /** 0 until it has come. */
  bytes: number;
  answer: Promise<HistoryAnswer>;
}

/** Answers of the last second, within bounds, so that many who ask the same cost no more than one. */
export class KeptAnswers {
  /** Oldest first. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
  private timer: unknown;
  private stopped = false;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.kept.size;
  }

  /**
   * @param key says which question it is, without the time
   * @param ask called where no answer to it is kept
   */
  of(key: string, ask: () => Promise<HistoryAnswer>): Promise<HistoryAnswer> {
    this.dropOld();
    const known = this.kept.get(key);
    if (known) return known.answer;
    const one: Kept = { at: this.clock.elapsed(), bytes: 0, answer: ask() };
    if (this.stopped) return one.answer;
    if (this.kept.size >= MOST_ANSWERS) this.dropOldest();
    this.kept.set(key, one);
    this.timer ??= this.clock.setTimeout(() => this.dropLater(), KEPT_MS);
    const isKept = () => this.kept.get(key) === one;
    one.answer.then(
      ({ bytes }) => {
        if (!isKept()) return;
        this.bytes += one.bytes = bytes.byteLength;
        while (this.bytes > MOST_BYTES) this.dropOldest();
      },
      () => {
        if (isKept()) this.drop(key);
      },
    );
    return one.answer;
  }

  /** Keeps nothing any more. */
  stop(): void {
    this.stopped = true;
    this.clock.clearTimeout(this.timer);
    this.kept.clear();
  }

  private dropLater(): void {
    this.timer = undefined;
    this.dropOld();
    const [oldest] = this.kept.values();
    if (!oldest) return;
    const leftMs = oldest.at + KEPT_MS - this.clock.elapsed();
    this.timer = this.clock.setTimeout(() => this.dropLater(), Math.max(1, leftMs));
  }

  private dropOld(): void {
    const before = this.clock.elapsed() - KEPT_MS;
    for (const [key, { at }] of this.kept) {
      if (at > before) return;
      this.drop(key);
    }
  }

  private dropOldest(): void {
    const [key] = this.kept.keys();
    if (key !== undefined) this.drop(key);
  }

  private drop(key: string): void {
    this.bytes -= this.kept.get(key)?.bytes ?? 0;
    this.kept.delete(key);
  }
}
