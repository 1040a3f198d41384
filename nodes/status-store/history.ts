import type { FromStoreWorker, StoreOperation } from "./store-messages";
import type { MetricsSnapshot } from "./metrics-snapshot";

/**
 * Where everything that happens is kept and looked up: the store's one door to a database. Whoever keeps history in
 * another way (a server database, say) implements this and passes the suite of test/status-store/history.test.ts.
 */
export interface History {
  start(): void;
  /** Ends within 2 s; what was written before is kept. */
  stop(): Promise<void>;
  /** @returns false when it is lost because nothing runs that could take it */
  write(operation: StoreOperation): boolean;
  /** @throws Refusal when it cannot be answered; the sentence is for a person */
  ask(question: HistoryQuestion): Promise<HistoryAnswer>;
  /**
   * A long answer in pieces, made as they are asked for. The first piece comes only when the question is right.
   * Leaving the loop early ends it.
   * @throws Refusal
   */
  read(question: LongQuestion): AsyncGenerator<Uint8Array, void, void>;
}

/** What a history tells its owner. */
export interface HistoryListener {
  onMessage(message: FromStoreWorker): void;
  /** A fresh writer runs and knows no streams yet. */
  onBegin(): void;
  onDeath(reason: string, retryMs: number): void;
}

/** JSON or text, ready to be sent. */
export interface HistoryAnswer {
  bytes: Uint8Array;
  /** A strong entity tag of these bytes. */
  etag: string;
}

/** Why a question has no answer. */
export class Refusal extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Range {
  /** Epoch milliseconds, inclusive. */
  from: number;
  /** Epoch milliseconds, exclusive. */
  to: number;
}

interface Zoned {
  /** In which times are written beside epoch milliseconds. */
  timezone: string;
}

/** The checks of one stream, newest first, or sums of them by buckets, oldest first. */
export interface HistoryOfStream extends Range, Zoned {
  kind: "history";
  stream: string;
  limit: number;
  /** Width of a bucket; null for the checks themselves. */
  bucketMs: number | null;
  /** Epoch milliseconds: how long what still lasts has lasted. */
  now: number;
}

/** Newest first. */
export interface IncidentsQuestion extends Range, Zoned {
  kind: "incidents";
  stream: string | null;
  limit: number;
  /** Only those that last. */
  open: boolean;
  /** Only those older than this one. */
  before: { start: number; id: number } | null;
}

export const WINDOWS = { "24h": 24, "7d": 168, "30d": 720, "90d": 2160 } as const;
export type Window = keyof typeof WINDOWS;

export interface UptimeQuestion extends Zoned {
  kind: "uptime";
  windows: Window[];
  by: ("stream" | "group" | "all")[];
  stream: string | null;
  /** Epoch milliseconds. */
  now: number;
}

export interface MetricsQuestion {
  kind: "metrics";
  snapshot: MetricsSnapshot;
}

/** Worst states by bucket and mean latencies by hour, of the last hours until now. */
export interface BarsQuestion {
  kind: "bars";
  streams: string[];
  hours: number;
  buckets: number;
  /** Epoch milliseconds. */
  now: number;
}

/** Numbered transitions after `after`, or after what `consumer` has said to be delivered; from the first on without either. */
export interface TransitionsQuestion {
  kind: "transitions";
  after: number | null;
  consumer: string | null;
  /** What the consumer said to this process; null when it has said nothing yet. */
  said: number | null;
  /** The newest that has come, written or on its way to the database; 0 when none has. */
  received: number;
  limit: number;
}

export type HistoryQuestion =
  HistoryOfStream | IncidentsQuestion | UptimeQuestion | MetricsQuestion | BarsQuestion | TransitionsQuestion;

/** All checks, by stream, and those of the last hours after them in order of time. */
export interface ExportQuestion extends Range, Zoned {
  kind: "export";
  format: "csv" | "ndjson";
  stream: string | null;
}

/** A copy of the whole database at one moment. */
export interface BackupQuestion {
  kind: "backup";
}

export type LongQuestion = ExportQuestion | BackupQuestion;
