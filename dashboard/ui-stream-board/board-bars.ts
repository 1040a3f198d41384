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
  /** The keys of each question that is not answered yet. */
  private readonly inFlight = new Set<Set<number>>();

  constructor(private readonly options: BoardBarsOptions) {}

  /** Their state has changed, or they are gone: what is being asked for may be older than that. */
  forget(keys: readonly number[]): void {
    for (const key of keys) {
      this.kept.delete(key);
      for (const asked of this.inFlight) asked.delete(key);
    }
  }

  async bars(keys: readonly number[]): Promise<BarsAnswer> {
    const now = this.options.clock.elapsed();
    const isFresh = (key: number) => now - (this.kept.get(key)?.at ?? -Infinity) < KEPT_MS;
    const found = await this.ask(
      keys.filter((key) => !isFresh(key)),
      now,
    );
    const known = keys.map((key) => found.get(key) ?? this.kept.get(key)?.bars);
    return { bucketMs: this.bucketMs, streams: known.filter((bars) => bars !== undefined) };
  }

  /** @returns the bars by key */
  private async ask(keys: readonly number[], at: number): Promise<Map<number, StreamBars>> {
    const { ask, nameOf, keyOf } = this.options;
    const found = new Map<number, StreamBars>();
    const names = keys.flatMap((key) => nameOf(key) ?? []);
    if (names.length === 0) return found;
    const asked = new Set(keys);
    this.inFlight.add(asked);
    try {
      const { from, bucketMs, streams } = JSON.parse(await ask(names)) as QueryAnswer;
      this.bucketMs = bucketMs;
      for (const { name, bars, latency } of streams) {
        const key = keyOf(name);
        if (key === undefined) continue;
        found.set(key, [key, from, bars.map(encodeBar), latency.map((mean) => mean ?? -1)]);
      }
      for (const [key, bars] of found) if (asked.has(key)) this.keep(key, bars, at);
    } finally {
      this.inFlight.delete(asked);
    }
    return found;
  }

  private keep(key: number, bars: StreamBars, at: number): void {
    this.kept.delete(key);
    this.kept.set(key, { at, bars });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST_KEPT) break;
      this.kept.delete(oldest);
    }
  }
}

function encodeBar(bar: QueryAnswer["streams"][number]["bars"][number]): number {
  return bar ? 1 + stateIndex(bar[0]) + 8 * (reasonIndex(bar[1]) + 1) : 0;
}
