import { z } from "zod";
import { Backoff } from "../../common/backoff";
import type { Clock } from "../../common/clock";

const WINDOW = "24h";
const answerSchema = z.object({
  streams: z.array(z.object({ name: z.string(), [WINDOW]: z.object({ uptime: z.number().nullable() }) })),
});

/** While there is a stream without one: one that was just added, or all where the monitor has just begun. */
const UNTIL_KNOWN_MS = { first: 5000, most: 300_000 };
const LEAST_EVERY_MS = 60_000;
/** The answer for 10,000 streams takes a moment to read, and changes little within five minutes. */
const EVERY_MS_A_STREAM = 30;

/** The uptime of each stream within the last 24 hours, asked for now and then. */
export class Uptimes {
  private shares = new Map<string, number | null>();
  private readonly untilKnown = new Backoff(UNTIL_KNOWN_MS.first, UNTIL_KNOWN_MS.most);
  private timer: unknown;
  private stopped = true;

  constructor(
    private readonly clock: Clock,
    private readonly ask: (parameters: Record<string, unknown>) => Promise<Buffer | string>,
    /** Of these there is one for the first time. */
    private readonly onKnown: (names: string[]) => void,
  ) {}

  /** 0 to 1; null where nothing is known. */
  of(name: string): number | null {
    return this.shares.get(name) ?? null;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    void this.turn();
  }

  stop(): void {
    this.stopped = true;
    this.clock.clearTimeout(this.timer);
  }

  private async turn(): Promise<void> {
    try {
      const payload = await this.ask({ window: WINDOW, by: "stream" });
      const { streams } = answerSchema.parse(JSON.parse(String(payload)));
      this.take(new Map(streams.map((stream) => [stream.name, stream[WINDOW].uptime])));
    } catch {
      // without an answer the last one stays; that nobody answers at all is told where the status is asked for
    }
    if (this.stopped) return;
    this.timer = this.clock.setTimeout(() => void this.turn(), this.waitMs());
  }

  private take(shares: Map<string, number | null>): void {
    const before = this.shares;
    this.shares = shares;
    const known = [...shares].filter(
      ([name, share]) => share !== null && (before.get(name) ?? null) === null,
    );
    if (known.length > 0 && !this.stopped) this.onKnown(known.map(([name]) => name));
  }

  private waitMs(): number {
    const { size } = this.shares;
    const usualMs = Math.max(LEAST_EVERY_MS, size * EVERY_MS_A_STREAM);
    const allKnown = size > 0 && [...this.shares.values()].every((share) => share !== null);
    return allKnown ? usualMs : Math.min(this.untilKnown.next(0), usualMs);
  }
}
