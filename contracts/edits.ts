import { z } from "zod";
import { SERVICES } from "./settings";
import { streamNameSchema, streamSchema } from "./stream";

/**
 * Anybody → stream-config: read or change config.yaml. Each is answered on stream-config's second output by the same
 * message, all its properties kept, with `statusCode` and, in `payload`, the answer or `{error: {code, message, field?}}`.
 */

/** What stands for a password that is not shown. Written back, it means: as it was. */
export const MASKED_SECRET = "********";

/** The settings of a stream as somebody typed them; null takes a key out of the file. */
const streamChangeSchema = z.record(z.string(), z.unknown());

export const editSchema = z.discriminatedUnion("action", [
  /** All of them or none: with one that is wrong, the answer names each that is. */
  z.object({ action: z.literal("add-streams"), streams: z.array(streamSchema.loose()).min(1).max(20_000) }),
  /** `stream` holds only what changes; another `name` renames, and the history stays with it. */
  z.object({
    action: z.literal("change-stream"),
    name: streamNameSchema,
    stream: streamChangeSchema,
  }),
  z.object({
    action: z.literal("delete-streams"),
    names: z.array(streamNameSchema).min(1).max(20_000),
    /** False deletes the history too. */
    keep_history: z.boolean().default(true),
  }),
  /** Keys of config.yaml but `streams`, nested as there; null takes a key out of the file, so that its default counts. */
  z.object({ action: z.literal("change-settings"), settings: z.record(z.string(), z.unknown()) }),
  z.object({
    action: z.literal("service"),
    service: z.enum(SERVICES),
    do: z.enum(["stop", "start", "restart"]),
  }),
]);
export type Edit = z.infer<typeof editSchema>;

export const editMessageSchema = z.object({
  topic: z.literal("edit"),
  payload: editSchema,
  /** The `revision` that the editor had read. When the file is another one by now: 409 `changed_meanwhile`. */
  revision: z.string().optional(),
});
export type EditMessage = z.infer<typeof editMessageSchema>;

export const IMPORT_FORMATS = [
  ...(["streampulse", "go2rtc", "frigate", "mediamtx", "uptime-kuma", "m3u", "csv"] as const),
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What another system's configuration would add, change and skip, and, with `apply`, does. */
export const importMessageSchema = z.object({
  topic: z.literal("import"),
  payload: z.object({
    /** Unset: recognised. */
    format: z.enum(IMPORT_FORMATS).optional(),
    text: z.string().max(10 * 1024 * 1024),
    apply: z.boolean().default(false),
    /** With `apply`: only the streams of these names (as the preview named them). Unset: all. */
    names: z.array(z.string()).max(20_000).optional(),
  }),
  revision: z.string().optional(),
});
export type ImportMessage = z.infer<typeof importMessageSchema>;

/** Anybody → stream-config: `{topic: "config"}` is answered with this. */
export interface ConfigAnswer {
  /** Changes whenever the file does. */
  revision: string;
  /** As they stand in the file, secrets masked. */
  streams: Record<string, unknown>[];
  settings: Record<string, unknown>;
  /** Sentences, as in /healthz. */
  problems: string[];
  /** Why nothing can be saved, in a sentence; null when it can. */
  read_only: string | null;
}

/** Anybody → stream-probe: probe what somebody typed, once. Answered on its fourth output, as edits are. */
export const testMessageSchema = z.object({
  topic: z.literal("test"),
  /** A stream as it would stand in config.yaml; its name says whose masked password is meant. */
  payload: streamSchema,
});
export type TestMessage = z.infer<typeof testMessageSchema>;

/**
 * stream-preview → stream-probe: somebody watches a stream, or no longer. It counts as one of the host's media
 * sessions (`probe.max_per_host`), until it is closed, or was not said again for five minutes.
 */
export const sessionMessageSchema = z.object({
  topic: z.literal("session"),
  payload: z.object({ stream: z.string().min(1), open: z.boolean() }),
});
export type SessionMessage = z.infer<typeof sessionMessageSchema>;

/**
 * stream-config → stream-probe, mqtt-status: begin anew, without a change of anything else. A stop and a start need no
 * message: they come with the settings (`services`).
 */
export const restartMessageSchema = z.object({
  topic: z.literal("restart"),
  payload: z.enum(SERVICES),
});
export type RestartMessage = z.infer<typeof restartMessageSchema>;
