import type { Level, Reason, State, StreamState, Transition, Media } from "../../contracts";
import type { Rename } from "../../common/renames";

/** What the main loop and the store's thread send each other. */

export interface Retention {
  checks_days: number;
  rollup_days: number;
}

interface Operation {
  /** Of those that must not be lost with the thread: they are told again until it says that they are written. */
  number?: number;
}

/** All streams that are watched now. */
export interface StreamsOperation extends Operation {
  kind: "streams";
  streams: { name: string; url: string; group?: string }[];
  /** Renames that are known already, one after the other: told by somebody, or seen by an unchanged full URL. */
  renames: Rename[];
  /** `strict_status` of config.yaml. */
  strict: boolean;
  /** `retention` of config.yaml, in days. */
  retention?: Retention;
  /** Epoch milliseconds. */
  at: number;
}

/** stream, at, state, reason, message, latency in ms or null: one after the other, CHECK_FIELDS a check. */
export type FlatChecks = (string | number | null)[];
export const CHECK_FIELDS = 6;

/** Checks in one flat list: cloned to the other thread in a fifth of the time that objects take. */
export interface ChecksOperation extends Operation {
  kind: "checks";
  flat: FlatChecks;
}

export interface TransitionOperation extends Operation {
  kind: "transition";
  transition: Transition;
}

export interface StatesOperation extends Operation {
  kind: "states";
  states: StreamState[];
}

/** What pictures consist of now, of streams where that has changed. */
export interface MediaOperation extends Operation {
  kind: "media";
  media: { stream: string; media: Media }[];
}

/** All transitions up to `seq` have arrived where this consumer takes them. */
export interface DeliveredOperation extends Operation {
  kind: "delivered";
  consumer: string;
  seq: number;
}

/** Streams that were deleted for good, with their history. */
export interface ForgetOperation extends Operation {
  kind: "forget";
  names: string[];
  /** Epoch milliseconds. */
  at: number;
}

export type StoreOperation =
  | StreamsOperation
  | ChecksOperation
  | TransitionOperation
  | StatesOperation
  | MediaOperation
  | DeliveredOperation
  | ForgetOperation;
export type ToStoreWorker = StoreOperation | { kind: "open-rollups" } | { kind: "stop" };

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
  id: number;
  name: string;
  /** Scheme, host and port of its URL. */
  origin: string;
  protocol: "rtsp" | "http";
  /** The last confirmed state; null when there is none. */
  confirmed: { state: State; reason: Reason | null; since: number; level: Level | null } | null;
  last: StoredCheck | null;
  /** What the picture consisted of when it was last seen: as the file has it, not checked. */
  media: unknown;
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

/** The lasting ids of all watched streams, after each list of streams. */
export interface IdsMessage {
  kind: "ids";
  ids: [name: string, id: number][];
}

/** The import of one v2.2 database. */
export interface ImportStats {
  file: string;
  rows: number;
  /** Rows that could not be read; at least so many. */
  lost: number;
  /** Of all rows, 0 to 1. */
  share: number;
  done: boolean;
}

/** Work on the database in the background. Times in epoch milliseconds, null before the first. */
export interface MaintenanceStats {
  /** What is being done now. */
  job: string | null;
  /** Why it waits, in a sentence; null when it does not. */
  obstacle: string | null;
  regroupedAt: number | null;
  retainedAt: number | null;
  /** The longest time that a commit had to wait for this work. */
  longestSliceMs: number;
  /** Room in the file that is used again. */
  freeBytes: number;
  /** What is in force, in days. */
  retention: Retention;
  imports: ImportStats[];
}

/** A file that was moved aside. */
export interface Notice {
  /** One sentence. */
  text: string;
  /** True when history is missing because of it. */
  isLoss: boolean;
  /** Epoch milliseconds. */
  at: number;
}

export interface StoreStats {
  kind: "stats";
  /** Since the thread's start. */
  checksStored: number;
  /** All operations up to this number are written, or given up. */
  written: number;
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
  /** The latest files that were moved aside. */
  notices: Notice[];
  /** Null while no database is open. */
  maintenance: MaintenanceStats | null;
}

/** What the rollups do not hold yet (open-rollups.ts), and which state of the tables it belongs to. */
export interface OpenRollupsMessage {
  kind: "open-rollups";
  /** Null while no database is open: nobody must wait for what does not come. */
  entries: Float64Array<ArrayBuffer> | null;
  flushes: number;
}

export type FromStoreWorker = SeedsMessage | IdsMessage | StoreStats | OpenRollupsMessage;
