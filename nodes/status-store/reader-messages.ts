import type { HistoryAnswer, HistoryQuestion, LongQuestion } from "./history";

/** What the main loop and the thread that reads send each other. */

/** What the rollups do not hold yet, from the writer. */
export interface OpenSums {
  entries: Float64Array;
  flushes: number;
}

export type ToReader =
  | { kind: "ask"; id: number; question: HistoryQuestion; open: OpenSums | null }
  | { kind: "read"; id: number; question: LongQuestion }
  | { kind: "next"; id: number }
  | { kind: "cancel"; id: number }
  | { kind: "reopen" }
  | { kind: "stop" };

export type FromReader =
  /** A question's turn has come: it waits no longer, and works. */
  | { kind: "begun"; id: number }
  | ({ kind: "answer"; id: number } & HistoryAnswer)
  /** The sums that came with the question belong to another state of the tables. */
  | { kind: "stale"; id: number }
  | { kind: "piece"; id: number; bytes: Uint8Array | null }
  | { kind: "refused"; id: number; statusCode: number; code: string; message: string };

const KINDS: ReadonlySet<string> = new Set(["begun", "answer", "stale", "piece", "refused"]);

export function isFromReader(message: { kind: string }): message is FromReader {
  return KINDS.has(message.kind);
}

const TO_KINDS: ReadonlySet<string> = new Set(["ask", "read", "next", "cancel", "reopen"]);

export function isToReader(message: { kind: string }): message is Exclude<ToReader, { kind: "stop" }> {
  return TO_KINDS.has(message.kind);
}
