import type { Level, Timings } from "../../../../contracts/check";
import type { Reason, State } from "../../../../contracts/reasons";
import type { TimeRange } from "./time-range";

/** What the queries of the store answer (docs/API.md), as far as the page shows it. Times are epoch milliseconds. */

export interface CheckAnswer {
  at: number;
  state: State;
  reason: Reason;
  message: string;
  latencyMs: number | null;
  /** As v2.2 would have said. */
  status: "ok" | "fail";
}

export interface Bucket {
  at: number;
  /** Milliseconds in each state. */
  ms: Partial<Record<State, number>>;
  latencyMs: { min: number; average: number; max: number } | null;
}

export interface BucketsAnswer {
  bucketSeconds: number;
  buckets: Bucket[];
}

/** What was asked for belongs to the answer: another range may have been chosen since. */
export interface History {
  range: TimeRange;
  bucketMs: number;
  buckets: Bucket[];
}

export interface Incident {
  id: number;
  start: number;
  end: number | null;
  state: State;
  reason: Reason | null;
  message: string | null;
}

export interface IncidentsAnswer {
  incidents: Incident[];
  next: { before: string } | null;
}

/** Of one stream: what the rows of the list leave out. */
export interface StreamAnswer {
  last: {
    at: number;
    timings: Timings;
    level: Level | null;
    message: string;
    latencyMs: number | null;
  } | null;
}
