import { z } from "zod";
import type { Level, Media, Timings } from "./check";
import type { Reason, State } from "./reasons";

/** The last check of a stream, without the stream's name, which stands beside it. */
export interface LiveCheck {
  /** Epoch milliseconds. */
  at: number;
  state: State;
  reason: Reason;
  message: string;
  latencyMs: number | null;
  /** Empty for a check that the database remembers from before the start. */
  timings: Timings;
  level: Level | null;
}

/** One stream as the store knows it now. */
export interface LiveStream {
  /** Lasting: it stays through renames and restarts. Null while the database has not given one yet. */
  id: number | null;
  name: string;
  /** Its place in config.yaml, from 0. */
  position: number;
  group: string | null;
  tags: readonly string[];
  enabled: boolean;
  /** Scheme and host, never credentials. */
  url: string;
  /** Confirmed; `pending` before the first verdict. */
  state: State;
  reason: Reason | null;
  /** Epoch milliseconds; null while nothing was confirmed. */
  since: number | null;
  /** With `flaps`, how often, while it goes up and down again and again. */
  flapping?: true;
  flaps?: number;
  last: LiveCheck | null;
  media: Media | null;
}

/**
 * status-store, output 2 → dashboard, MQTT: what changed since the message before, at most four times a second. Who
 * has missed one (`seq` is not one more than the last) asks for a snapshot.
 */
export interface LiveChangesMessage {
  topic: "changes";
  seq: number;
  /** The streams that changed, whole. Shared by all who receive it: not to be written to. */
  payload: readonly LiveStream[];
  /** Names that are gone. A renamed stream is gone under its old name and here again with the same `id`. */
  removed: readonly string[];
}

/**
 * status-store, output 2: all streams, in the order of config.yaml, in parts of at most 500 so that nobody waits for
 * 10,000. The answer to a `snapshot` message, whose other properties it keeps. Changes with a `seq` up to this one
 * are contained.
 */
export interface SnapshotMessage {
  topic: "snapshot";
  seq: number;
  payload: readonly LiveStream[];
  /** From 0. Part 0 begins anew: whatever was known before is forgotten. */
  part: number;
  parts: number;
}

/** Anybody → status-store: send a snapshot. */
export const snapshotRequestSchema = z.object({ topic: z.literal("snapshot") });

/**
 * Somebody who hands transitions on → status-store: all transitions up to `seq` have arrived where `consumer` takes
 * them. The store remembers it, so that the query `transitions` with `consumer` goes on there after a restart.
 */
export const deliveredMessageSchema = z.object({
  topic: z.literal("delivered"),
  payload: z.object({ consumer: z.string().min(1).max(100), seq: z.number().int().min(0) }),
});
export type DeliveredMessage = z.infer<typeof deliveredMessageSchema>;

/**
 * stream-config → status-store: streams that were deleted for good, with their history. It comes after the `streams`
 * message that leaves them out: of a stream that is still watched only the history goes.
 */
export const forgetMessageSchema = z.object({
  topic: z.literal("forget"),
  payload: z.array(z.string().min(1)).max(100_000),
});
export type ForgetMessage = z.infer<typeof forgetMessageSchema>;
