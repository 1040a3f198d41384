import { STATES, type Reason, type State } from "../../../../contracts/reasons";
import type { StreamBars } from "../../board-protocol";
import { reasonAt } from "./board-row";

/** One bucket of a heartbeat bar. */
export interface Bar {
  /** Epoch milliseconds. */
  from: number;
  to: number;
  /** The worst that was seen; null where nothing is known. */
  state: State | null;
  reason: Reason | null;
}

/** What is known of a stream's last 24 hours. */
export interface Bars {
  bars: Bar[];
  /** Means of each hour, oldest first; null: none. */
  latency: (number | null)[];
}

export function decodeBars([, from, bars, latency]: StreamBars, bucketMs: number): Bars {
  return {
    bars: bars.map((code, index) => ({
      from: from + index * bucketMs,
      to: from + (index + 1) * bucketMs,
      state: code === 0 ? null : (STATES[(code - 1) % 8] ?? null),
      reason: code === 0 ? null : reasonAt(Math.floor((code - 1) / 8) - 1),
    })),
    latency: latency.map((mean) => (mean < 0 ? null : mean)),
  };
}
