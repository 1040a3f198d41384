import type { Clock } from "../../common/clock";
import type { Reason, State } from "../../contracts";
import type { BarsAnswer, StreamBars } from "./board-protocol";
import { reasonIndex, stateIndex } from "./board-rows";

/** Buckets of half an hour: a bar seldom changes within a minute, save when the state does. */
const KEPT_MS = 60_000;
const MOST_KEPT = 5000;
export const BARS = { hours: 24, buckets: 48 };

interface QueryAnswer {
  from: number;
  bucketMs: number;
  streams: {
    name: string;
    bars: ([state: State, reason: Reason | null] | null)[];
    latency: (number | null)[];
  }[];
}

export interface BoardBarsOptions {
  clock: Clock;
  /** @returns the JSON text of the query `bars` */
  ask: (streams: readonly string[]) => Promise<string>;
  nameOf: (key: number) => string | undefined;
  keyOf: (name: string) => number | undefined;
}

/** The heartbeat bars of streams that somebody looks at, kept for a minute because others may look at the same. */
export class BoardBars {
  private readonly kept = new Map<number, { at: number; bars: StreamBars }>();
  private bucketMs = 0;

  constructor(private readonly options: BoardBarsOptions) {}

  /** Their state has changed, or they are gone. */
  forget(keys: readonly number[]): void {
    for (const key of keys) this.kept.delete(key);
  }

  async bars(keys: readonly number[]): Promise<BarsAnswer> {
    const { clock, ask, nameOf } = this.options;
    const now = clock.elapsed();
    const isFresh = (key: number) => now - (this.kept.get(key)?.at ?? -Infinity) < KEPT_MS;
    const missing = keys.flatMap((key) => (isFresh(key) ? [] : (nameOf(key) ?? [])));
    if (missing.length > 0) this.keep(JSON.parse(await ask(missing)) as QueryAnswer, now);
    const known = keys.map((key) => this.kept.get(key)?.bars).filter((bars) => bars !== undefined);
    return { bucketMs: this.bucketMs, streams: known };
  }

  private keep({ from, bucketMs, streams }: QueryAnswer, at: number): void {
    this.bucketMs = bucketMs;
    for (const { name, bars, latency } of streams) {
      const key = this.options.keyOf(name);
      if (key === undefined) continue;
      const encoded: StreamBars = [key, from, bars.map(encodeBar), latency.map((mean) => mean ?? -1)];
      this.kept.delete(key);
      this.kept.set(key, { at, bars: encoded });
    }
    for (const key of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) break;
      this.kept.delete(key);
    }
  }
}

function encodeBar(bar: QueryAnswer["streams"][number]["bars"][number]): number {
  return bar ? 1 + stateIndex(bar[0]) + 8 * (reasonIndex(bar[1]) + 1) : 0;
}
