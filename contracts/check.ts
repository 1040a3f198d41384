import { z } from "zod";
import { REASON_CODES, STATES } from "./reasons";

/** How far a check looked. A verdict is cleared only by a check of at least the level that made it. */
export const LEVELS = ["handshake", "media", "deep"] as const;
export type Level = (typeof LEVELS)[number];

const milliseconds = z.number().min(0);

/** How long each step of a probe took, as far as it came. The steps follow one another. */
export const timingsSchema = z.object({
  dnsMs: milliseconds.optional(),
  connectMs: milliseconds.optional(),
  tlsMs: milliseconds.optional(),
  answerMs: milliseconds.optional(),
  mediaMs: milliseconds.optional(),
});
export type Timings = z.infer<typeof timingsSchema>;

/** What a picture consists of, as far as it was seen. */
export const mediaSchema = z.object({
  codec: z.string().max(40).optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  fps: z.number().optional(),
  bitrate: z.number().optional(),
  audioCodec: z.string().max(40).optional(),
  keyframe: z.boolean().optional(),
});
export type Media = z.infer<typeof mediaSchema>;

/** One probe of one stream. */
export const checkSchema = z.object({
  stream: z.string().min(1),
  /** When it began, epoch milliseconds. */
  at: z.number().int(),
  state: z.enum(["up", "degraded", "down"]),
  reason: z.enum(REASON_CODES),
  /** v2.2's words where v2.2 had them, and the evidence. No credentials. */
  message: z.string().max(500),
  /** To the first answer of the protocol; null when none came. */
  latencyMs: milliseconds.nullable(),
  timings: timingsSchema,
  level: z.enum(LEVELS),
  media: mediaSchema.optional(),
});
export type Check = z.infer<typeof checkSchema>;

/** The confirmed state of one stream. `reason` is null while no check stands behind it (pending, paused, unknown). */
export const streamStateSchema = z.object({
  stream: z.string().min(1),
  state: z.enum(STATES),
  reason: z.enum(REASON_CODES).nullable(),
  /** Since when, epoch milliseconds. */
  since: z.number().int(),
  /** The level of the check that made the verdict. */
  level: z.enum(LEVELS).nullable(),
  /** True while the stream goes up and down again and again; absent when it does not. */
  flapping: z.literal(true).optional(),
  /** With `flapping`: how often it went from up to not up, or back, in the last half hour. */
  flaps: z.number().int().optional(),
});
export type StreamState = z.infer<typeof streamStateSchema>;

/** One confirmed change of state. */
export const transitionSchema = z.object({
  stream: z.string().min(1),
  from: z.enum(STATES),
  to: z.enum(STATES),
  reason: z.enum(REASON_CODES).nullable(),
  message: z.string().max(500).optional(),
  at: z.number().int(),
  previousDurationMs: z.number().min(0),
  level: z.enum(LEVELS).nullable(),
  /** Grows by one with each transition of a run, and from run to run. A gap means: ask for a snapshot. */
  seq: z.number().int(),
});
export type Transition = z.infer<typeof transitionSchema>;

/**
 * All streams of one host, or of all hosts of one subnet that have any, are confirmed down; or no longer. It comes
 * beside the transitions and never instead of them.
 */
export const outageSchema = z.object({
  kind: z.enum(["host", "subnet"]),
  event: z.enum(["began", "ended"]),
  /** The host as the URLs write it, or the subnet: 192.0.2.0/24, 2001:db8:0:1::/64. */
  host: z.string().min(1),
  /** The names of the streams that were down last. */
  streams: z.array(z.string().min(1)),
  /** When the last of the streams went down; when the first one came back. Epoch milliseconds. */
  at: z.number().int(),
  /** When it has ended: how long it lasted. */
  durationMs: z.number().min(0).optional(),
});
export type Outage = z.infer<typeof outageSchema>;
