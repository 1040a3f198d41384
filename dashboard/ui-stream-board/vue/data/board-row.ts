import { REASON_CODES, STATES, type Reason, type State } from "../../../../contracts/reasons";
import type { Row, RowCheck, RowMedia, Shares } from "../../board-protocol";

/** The last check of a stream. */
export interface BoardCheck {
  /** Epoch milliseconds. */
  at: number;
  latencyMs: number | null;
  state: State;
  reason: Reason | null;
  /** The evidence; empty for a check that found the stream up. */
  message: string;
  /** By ffprobe. */
  isDeep: boolean;
}

/** One stream as the page shows it. Replaced whole when it looks different, so that comparing it is cheap. */
export interface BoardRow {
  readonly key: number;
  readonly name: string;
  readonly state: State;
  readonly reason: Reason | null;
  readonly since: number | null;
  readonly position: number;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly url: string;
  readonly enabled: boolean;
  readonly media: RowMedia | null;
  readonly flaps: number;
  readonly check: BoardCheck | null;
  readonly uptime: Shares | null;
}

export function toBoardRow(row: Row, uptime: Shares | null): BoardRow {
  const [key, name, state, reason, since, position, group, tags, url, enabled, media, flaps, check] = row;
  return {
    ...{ key, name, since, position, group, tags, url, enabled, media, flaps, uptime },
    state: STATES[state] ?? "unknown",
    reason: reasonAt(reason),
    check: check && toCheck(check),
  };
}

function toCheck([at, latencyMs, state, reason, message, isDeep]: RowCheck): BoardCheck {
  return { isDeep, at, latencyMs, state: STATES[state] ?? "unknown", reason: reasonAt(reason), message };
}

export function reasonAt(index: number): Reason | null {
  return REASON_CODES[index] ?? null;
}

/** The states with the worst first, as the board counts and sorts them. */
export const WORST_FIRST: readonly State[] = ["down", "degraded", "unknown", "pending", "up", "paused"];
const badness = new Map<State, number>(WORST_FIRST.map((state, index) => [state, index]));

/** 0 for the worst. */
export function rankOf(state: State): number {
  return badness.get(state) ?? WORST_FIRST.length;
}
