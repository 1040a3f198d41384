import type { BarsAnswer, Requests } from "../../board-protocol";
import { decodeBars, type Bars } from "./bars";
import type { BoardRow } from "./board-row";

const OLD_MS = 60_000;
const MOST_BARS = 200;
const RETRY_MS = 3000;
/** Scrolling passes many rows by. */
const SETTLE_MS = 120;

/** Where on the page streams are seen. */
export type Place = "list" | "opened";

export interface SeenStreamsOptions {
  request: <Answer>(ask: keyof Requests, data: Requests[keyof Requests]) => Promise<Answer>;
  /** As it is now. */
  rowOf: (key: number) => BoardRow | undefined;
  /** Bars have come. */
  onBars: () => void;
  /** Milliseconds on a clock that never jumps. */
  now: () => number;
}

/** The streams on the screen: the server is told which they are, and their bars are kept new. */
export class SeenStreams {
  /** Of all places together. */
  keys: number[] = [];
  private readonly places = new Map<Place, readonly number[]>();
  private readonly kept = new Map<number, { bars: Bars; at: number; look: string }>();
  private settling?: ReturnType<typeof setTimeout>;
  private retry?: ReturnType<typeof setTimeout>;
  private isLoading = false;

  constructor(private readonly options: SeenStreamsOptions) {}

  /** Shows what another one knew, until something newer comes. */
  adopt({ kept }: SeenStreams): void {
    for (const [key, bars] of kept) this.kept.set(key, bars);
  }

  barsOf(key: number): Bars | undefined {
    return this.kept.get(key)?.bars;
  }

  see(place: Place, keys: readonly number[]): void {
    this.places.set(place, keys);
    const all = [...new Set([...(this.places.get("opened") ?? []), ...(this.places.get("list") ?? [])])];
    const isSame = all.length === this.keys.length && all.every((key, index) => key === this.keys[index]);
    if (isSame) return;
    this.keys = all;
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      // a server that cannot be reached is told when the page opens anew
      this.options.request("see", { visible: this.keys }).catch(() => {});
      this.refresh();
    }, SETTLE_MS);
  }

  /** Asks for the bars of what is on the screen, where they are missing, old, or of another state. */
  refresh(): void {
    if (this.isLoading) return;
    const now = this.options.now();
    const wanted = this.keys.flatMap((key) => {
      const row = this.options.rowOf(key);
      if (!row) return [];
      const known = this.kept.get(key);
      const isNew = known && now - known.at <= OLD_MS && known.look === lookOf(row);
      return isNew ? [] : [row];
    });
    if (wanted.length > 0) void this.load(wanted.slice(0, MOST_BARS), now);
  }

  stop(): void {
    this.keys = [];
    clearTimeout(this.settling);
    clearTimeout(this.retry);
  }

  private async load(rows: readonly BoardRow[], at: number): Promise<void> {
    this.isLoading = true;
    try {
      const keys = rows.map(({ key }) => key);
      const { bucketMs, streams } = await this.options.request<BarsAnswer>("bars", { keys });
      const found = new Map(streams.map((bars) => [bars[0], bars]));
      for (const row of rows) {
        const encoded = found.get(row.key);
        const bars = encoded
          ? decodeBars(encoded, bucketMs)
          : (this.barsOf(row.key) ?? { bars: [], latency: [] });
        this.kept.set(row.key, { bars, at, look: lookOf(row) });
      }
    } catch {
      this.isLoading = false;
      clearTimeout(this.retry);
      this.retry = setTimeout(() => this.refresh(), RETRY_MS);
      return;
    }
    this.isLoading = false;
    this.options.onBars();
    // others may have come onto the screen meanwhile
    this.refresh();
  }
}

/** What shows in the last bar. */
function lookOf({ state, reason, since }: BoardRow): string {
  return `${state} ${reason} ${since}`;
}
