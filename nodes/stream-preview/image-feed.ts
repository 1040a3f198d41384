import type { Clock } from "../../common/clock";

/** A stream that comes and goes does not give a picture each time. */
const SHORTEST_STEP_MS = 60_000;
const MOST_WAITING = 50;

export interface ImageFeedOptions {
  clock: Clock;
  isWanted(stream: string): boolean;
  /** @returns undefined when there is none */
  take(stream: string): Promise<Buffer | undefined>;
  send(stream: string, jpeg: Buffer): void;
}

/** The pictures that Home Assistant shows: each one that the probe looked at, and one of a stream that has come up. */
export class ImageFeed {
  private readonly waiting = new Set<string>();
  private readonly sentAt = new Map<string, number>();
  private isTaking = false;
  private stopped = false;

  constructor(private readonly options: ImageFeedOptions) {}

  /** The probe has handed over a picture. */
  picture(stream: string, jpeg: Buffer): void {
    if (this.options.isWanted(stream)) this.send(stream, jpeg);
  }

  /** A stream has come up: its last picture may be of before it went. */
  cameUp(stream: string): void {
    const sinceMs = this.options.clock.elapsed() - (this.sentAt.get(stream) ?? -Infinity);
    if (sinceMs < SHORTEST_STEP_MS || this.waiting.size >= MOST_WAITING) return;
    if (!this.options.isWanted(stream)) return;
    this.waiting.add(stream);
    void this.takeNext();
  }

  /** Forgets streams that are gone. */
  keepOnly(streams: { has(stream: string): boolean }): void {
    for (const stream of this.sentAt.keys()) if (!streams.has(stream)) this.sentAt.delete(stream);
  }

  stop(): void {
    this.stopped = true;
    this.waiting.clear();
  }

  /** One after another, so that people who look are not kept waiting. */
  private async takeNext(): Promise<void> {
    if (this.isTaking) return;
    this.isTaking = true;
    for (const stream of this.waiting) {
      this.waiting.delete(stream);
      const jpeg = await this.options.take(stream);
      if (jpeg && !this.stopped) this.send(stream, jpeg);
    }
    this.isTaking = false;
  }

  private send(stream: string, jpeg: Buffer): void {
    this.sentAt.set(stream, this.options.clock.elapsed());
    this.options.send(stream, jpeg);
  }
}
