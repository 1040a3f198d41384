import type { Level, Reason, State, StreamState, Transition } from "../../contracts";
import type { Rename } from "../../common/renames";

/** What the main loop and the store's thread send each other. */

/** All streams that are watched now. */
export interface StreamsOperation {
  kind: "streams";
  streams: { name: string; url: string }[];
  /** Renames that are known already: told by somebody, or seen by an unchanged full URL. */
  renames: Rename[];
  /** `strict_status` of config.yaml. */
  strict: boolean;
  /** Epoch milliseconds. */
  at: number;
}

/** stream, at, state, reason, message, latency in ms or null: one after the other, CHECK_FIELDS a check. */
export type FlatChecks = (string | number | null)[];
export const CHECK_FIELDS = 6;

/** Checks in one flat list: cloned to the other thread in a fifth of the time that objects take. */
export interface ChecksOperation {
  kind: "checks";
  flat: FlatChecks;
}

export interface TransitionOperation {
  kind: "transition";
  transition: Transition;
}

export interface StatesOperation {
  kind: "states";
  states: StreamState[];
}

export type StoreOperation = StreamsOperation | ChecksOperation | TransitionOperation | StatesOperation;
export type ToStoreWorker = StoreOperation | { kind: "stop" };

/** A check as it comes back from the database, which keeps neither its timings nor its level. */
export interface StoredCheck {
  at: number;
  state: State;
  reason: Reason;
  message: string;
  latencyMs: number | null;
}

/** What the database knew of a stream. */
export interface Seed {
  name: string;
  /** Scheme, host and port of its URL. */
  origin: string;
  protocol: "rtsp" | "http";
  /** The last confirmed state; null when there is none. */
  confirmed: { state: State; reason: Reason | null; since: number; level: Level | null } | null;
  last: StoredCheck | null;
}

/** What was stored, of all streams after each opening of the database, and later of those that were found again. */
export interface SeedsMessage {
  kind: "seeds";
  /** True after an opening, also one that failed (then without seeds). */
  opened: boolean;
  seeds: Seed[];
  /** The number of the last stored transition, 0 when there is none. */
  lastSeq: number;
}

export interface StoreStats {
  kind: "stats";
  /** Since the thread's start. */
  checksStored: number;
  /** Checks that wait for the next commit. */
  queued: number;
  /** Checks that were given up because the queue was full or the database refused them. */
  dropped: number;
  /** Epoch milliseconds; null before the first. */
  lastCommitAt: number | null;
  databaseBytes: number;
  schemaVersion: number;
  /** Why nothing can be stored now, in one sentence; null when all is well. */
  failure: string | null;
  /** The latest files that were moved aside, one sentence each. */
  notices: string[];
}

export type FromStoreWorker = SeedsMessage | StoreStats;
