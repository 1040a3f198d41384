import { z } from "zod";
import type { Clock } from "../../common/clock";

const WINDOW = "24h";
const answerSchema = z.object({
  streams: z.array(z.object({ name: z.string(), [WINDOW]: z.object({ uptime: z.number().nullable() }) })),
});

const UNTIL_KNOWN_MS = 5000;
const LEAST_EVERY_MS = 60_000;
/** The answer for 10,000 streams takes a moment to read, and changes little within five minutes. */
const EVERY_MS_A_STREAM = 30;

/** The uptime of each stream within the last 24 hours, asked for now and then. */
export class Uptimes {
  private shares = new Map<string, number | null>();
  private timer: unknown;
  private stopped = true;

  constructor(
    private readonly clock: Clock,
    private readonly ask: (parameters: Record<string, unknown>) => Promise<Buffer | string>,
    /** The first answer is there. */
    private readonly onKnown: () => void,
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
      const isFirst = this.shares.size === 0;
      this.shares = new Map(streams.map((stream) => [stream.name, stream[WINDOW].uptime]));
      if (isFirst && !this.stopped) this.onKnown();
    } catch {
      // without an answer the last one stays; that nobody answers at all is told where the status is asked for
    }
    if (this.stopped) return;
    const { size } = this.shares;
    const waitMs = size === 0 ? UNTIL_KNOWN_MS : Math.max(LEAST_EVERY_MS, size * EVERY_MS_A_STREAM);
    this.timer = this.clock.setTimeout(() => void this.turn(), waitMs);
  }
}
