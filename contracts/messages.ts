import { z } from "zod";
import { checkSchema, outageSchema, streamStateSchema, transitionSchema } from "./check";
import { settingsSchema } from "./settings";
import { streamNameSchema, streamSchema } from "./stream";

/**
 * The messages on the wires. `msg.topic` says which one it is, `msg.payload` is the thing itself. Every node checks
 * what comes in against these schemas and says in one sentence what is wrong.
 */

/** stream-config → stream-probe, status-store: all streams, each time anything changes. */
export const streamsMessageSchema = z.object({
  topic: z.literal("streams"),
  payload: z.array(streamSchema),
  settings: settingsSchema.prefault({}),
  /** Renames that somebody made in an editor. Others are found by an unchanged URL. */
  renames: z.array(z.object({ from: streamNameSchema, to: streamNameSchema })).optional(),
});
export type StreamsMessage = z.infer<typeof streamsMessageSchema>;

/** stream-probe → status-store: what was checked since the last such message, in order of time. */
export const checksMessageSchema = z.object({ topic: z.literal("checks"), payload: z.array(checkSchema) });
export type ChecksMessage = z.infer<typeof checksMessageSchema>;

/** stream-probe → status-store, alerts, MQTT: one confirmed change. */
export const transitionMessageSchema = z.object({
  topic: z.literal("transition"),
  payload: transitionSchema,
});
export type TransitionMessage = z.infer<typeof transitionMessageSchema>;

/** stream-probe → alerts: all streams of one host or subnet are down, or no longer. Beside the transitions. */
export const outageMessageSchema = z.object({ topic: z.literal("outage"), payload: outageSchema });
export type OutageMessage = z.infer<typeof outageMessageSchema>;

/** stream-probe → status-store: the states of streams where they came about without a transition. */
export const statesMessageSchema = z.object({
  topic: z.literal("states"),
  payload: z.array(streamStateSchema),
});
export type StatesMessage = z.infer<typeof statesMessageSchema>;

/** status-store → stream-probe, when the store starts: what was last confirmed, so that nothing is announced twice. */
export const confirmedMessageSchema = z.object({
  topic: z.literal("confirmed"),
  payload: z.array(streamStateSchema),
  /** The number of the last stored transition, 0 when there is none. */
  lastSeq: z.number().int(),
});
export type ConfirmedMessage = z.infer<typeof confirmedMessageSchema>;

/** stream-probe → stream-preview: the picture that was looked at just now (`picture_minutes`), as a JPEG. */
export const pictureMessageSchema = z.object({
  topic: z.literal("picture"),
  stream: z.string().min(1),
  payload: z.custom<Uint8Array>((value) => value instanceof Uint8Array, "must be a buffer"),
});
export type PictureMessage = z.infer<typeof pictureMessageSchema>;

/** stream-preview → MQTT: the newest picture of a stream, as a JPEG; and anybody → stream-preview: one is wanted. */
export interface SnapshotImageMessage {
  topic: "snapshot-image";
  stream: string;
  payload: Buffer;
}

/** Anybody → stream-probe. The payload names one stream or several; empty means all. */
export const commandMessageSchema = z.object({
  topic: z.enum(["check", "pause", "resume"]),
  payload: z.union([z.string(), z.array(z.string())]).nullish(),
  /** With `check`: look by ffprobe. Unset: as far as the schedule would. */
  level: z.literal("deep", 'must be "deep", or left out').optional(),
});

/** What a status-query can be asked; docs/API.md has the parameters. The last three are streamed to an `http in`'s own response. */
export const QUERIES = [
  ...(["status", "streams", "stream", "history", "incidents", "uptime", "metrics"] as const),
  ...(["bars", "transitions"] as const),
  ...(["export.csv", "export.ndjson", "backup"] as const),
] as const;
export type Query = (typeof QUERIES)[number];
