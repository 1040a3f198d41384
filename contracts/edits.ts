import { z } from "zod";
import { SERVICES } from "./settings";
import { streamNameSchema, streamSchema } from "./stream";

/**
 * Anybody → stream-config: read or change config.yaml. Each is answered on stream-config's second output by the same
 * message, all its properties kept, with `statusCode` and, in `payload`, the answer or `{error: {code, message, field?}}`.
 */

export { MASKED_SECRET } from "./masked-secret";

/**
 * The settings of a stream as somebody typed them: the keys of contracts/stream.ts, `${NAME}` for what the environment
 * holds, and with a change null for a key that is to go out of the file. They are checked where the file is known, so
 * that all that is wrong is told at once.
 */
const streamChangeSchema = map();

function map() {
  return z.record(z.string(), z.unknown(), "must be a map of keys");
}

function oneOf(words: readonly string[]): string {
  return `must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

const DEEDS = ["stop", "start", "restart"] as const;

export const editSchema = z.discriminatedUnion("action", [
  /**
   * One or a list of them: all or none. With one that is wrong, the answer names each that is. `copy_of`, which is not
   * written, names the stream whose secrets the masks of this one stand for.
   */
  z.object({
    action: z.literal("add-streams"),
    streams: z.preprocess(
      (streams) => (Array.isArray(streams) ? (streams as unknown[]) : [streams]),
      z
        .array(streamChangeSchema)
        .min(1, "must hold one stream at least")
        .max(20_000, "must hold 20,000 streams at most"),
    ),
  }),
  /** `stream` holds only what changes; another `name` renames, and the history stays with it. */
  z.object({
    action: z.literal("change-stream"),
    name: streamNameSchema,
    stream: streamChangeSchema,
  }),
  z.object({
    action: z.literal("delete-streams"),
    names: z
      .array(streamNameSchema, "must be a list of names")
      .min(1, "must hold one name at least")
      .max(20_000, "must hold 20,000 names at most"),
    /** False deletes the history too. */
    keep_history: z.boolean("must be true or false").default(true),
  }),
  /** Keys of config.yaml but `streams`, nested as there; null takes a key out of the file, so that its default counts. */
  z.object({ action: z.literal("change-settings"), settings: map() }),
  z.object({
    action: z.literal("service"),
    service: z.enum(SERVICES, oneOf(SERVICES)),
    do: z.enum(DEEDS, oneOf(DEEDS)),
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

/**
 * The payload of an edit's answer, once the file is saved and in force: `statusCode` 200, or 201 for what was added.
 * 400 `invalid` with `fields`, 404 `stream_not_found`, 409 `changed_meanwhile`, `unreadable` (the file, as it is),
 * `read_only`, `cannot_edit` (this place has to be changed by hand), 403 `not_guarded`, 500 `not_saved` otherwise.
 */
export interface EditAnswer {
  /** Of the file as it is now. */
  revision: string;
  /** add-streams: the names. */
  added?: string[];
  /** change-stream: the entry as it stands in the file now, secrets masked. */
  stream?: Record<string, unknown>;
  /** delete-streams: the names. */
  deleted?: string[];
  /** change-settings: the settings as they stand in the file now, secrets masked. */
  settings?: Record<string, unknown>;
}

/** The payload of every answer that is not 2xx. */
export interface EditErrorAnswer {
  error: {
    code: string;
    message: string;
    /** Where in the request, the first of `fields`: `streams.3.url`, `stream.name`, `settings.mqtt.port`. */
    field?: string;
    /** Everything that is wrong, each with a sentence that follows the field's name. At most 100. */
    fields?: { field: string; message: string }[];
  };
}

export const IMPORT_FORMATS = [
  ...(["streampulse", "go2rtc", "frigate", "mediamtx", "uptime-kuma", "m3u", "csv"] as const),
] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What another system's configuration would add, change and skip, and, with `apply`, does. */
export const importMessageSchema = z.object({
  topic: z.literal("import"),
  payload: z.object({
    /** Unset: recognised. */
    format: z.enum(IMPORT_FORMATS, oneOf(IMPORT_FORMATS)).optional(),
    text: z.string("must be text").max(10 * 1024 * 1024, "must not be longer than 10 MB"),
    apply: z.boolean("must be true or false").default(false),
    /** With `apply`: only the streams of these names (as the preview named them). Unset: all. */
    names: z
      .array(z.string("must be text"), "must be a list of names")
      .max(20_000, "must hold 20,000 names at most")
      .optional(),
    /** False leaves the settings that a StreamPulse file brings (heartbeat, time zone, MQTT) as they are here. */
    settings: z.boolean("must be true or false").default(true),
  }),
  revision: z.string().optional(),
});
export type ImportMessage = z.infer<typeof importMessageSchema>;

/** The payload of an import's answer: what it would do, or with `apply` has done. Secrets are masked. */
export interface ImportAnswer {
  format: ImportFormat;
  applied: boolean;
  /** Of the file as it is now. */
  revision: string;
  /** Entries that come new, as they would stand in config.yaml. */
  added: Record<string, unknown>[];
  /** Entries that are here under the same name and would get these keys. */
  changed: { name: string; set: Record<string, unknown> }[];
  skipped: { name: string; reason: string }[];
  /** Settings that would be another value. */
  settings: Record<string, unknown>;
}

/** Anybody → stream-config: what stands in config.yaml? */
export const configMessageSchema = z.object({
  topic: z.literal("config"),
  /** Only this stream; 404 `stream_not_found` when there is none of this name. */
  stream: streamNameSchema.optional(),
  /** The list of streams as CSV text, in the columns that the import reads. */
  format: z.enum(["json", "csv"]).default("json"),
});
export type ConfigMessage = z.infer<typeof configMessageSchema>;

/** The payload of a `config` message's answer. */
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
