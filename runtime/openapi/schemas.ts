import { z } from "zod";
import { checkSchema, mediaSchema } from "../../contracts/check";
import { IMPORT_FORMATS, importMessageSchema } from "../../contracts/edits";
import { REASON_CODES, STATES } from "../../contracts/reasons";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema } from "../../contracts/stream";

/** What the API takes and answers, for openapi.json. The tests hold real answers against these. */

const state = z.enum(STATES);
const reason = z.enum(REASON_CODES).nullable();
const epochMs = z.number().int().describe("Epoch milliseconds.");
const time = z.string().describe("ISO 8601 in the configured time zone.");
const milliseconds = z.number().nullable();
const anything = z.record(z.string(), z.unknown());
const counts = z.object({ up: z.number(), degraded: z.number(), down: z.number() });
const msByState = z.record(state, z.number()).describe("Milliseconds in each confirmed state.");

const errorSchema = z.object({
  error: z.object({
    code: z.string().describe("Stable, for programs: `stream_not_found`, `invalid`, `changed_meanwhile`."),
    message: z.string().describe("A sentence for people."),
    field: z.string().optional().describe("Where in the request, the first of `fields`: `streams.3.url`."),
    fields: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe("Everything that is wrong."),
  }),
});

const statusSchema = z
  .record(
    z.string(),
    z.object({
      ts: z.string().describe("Of the last check, with microseconds and offset; empty before the first."),
      status: z.enum(["ok", "fail", ""]),
      latency: z.number().int().nullable(),
      message: z.string(),
      state,
      reason,
      since: z.string(),
    }),
  )
  .describe("By the streams' names, as v2.2 answered it; `state`, `reason` and `since` are confirmed.");

const streamStatusSchema = z.object({
  id: z.number().int().nullable().describe("It stays through renames and restarts; null until there is one."),
  name: z.string(),
  state,
  reason,
  since: epochMs.nullable(),
  last: checkSchema
    .omit({ stream: true, media: true })
    .extend({ level: checkSchema.shape.level.nullable() })
    .nullable(),
  media: mediaSchema.nullable(),
  flapping: z.literal(true).optional(),
  flaps: z.number().int().optional(),
  group: z.string().nullable(),
  tags: z.array(z.string()),
  enabled: z.boolean(),
  url: z.string().describe("Scheme and host, never credentials."),
});

const uptimeSumsSchema = z.object({
  uptime: z
    .number()
    .nullable()
    .describe("up / (up + degraded + down), of the time; null where nothing was seen."),
  samples: z.object({ ok: z.number(), total: z.number(), ratio: z.number().nullable() }),
  ms: msByState,
});
const byWindow = z.object({
  "24h": uptimeSumsSchema.optional(),
  "7d": uptimeSumsSchema.optional(),
  "30d": uptimeSumsSchema.optional(),
  "90d": uptimeSumsSchema.optional(),
});
const uptimeSchema = z.object({
  at: epochMs,
  time,
  timezone: z.string(),
  rule: z.string().describe("How uptime is counted."),
  windows: z.record(z.string(), z.object({ from: epochMs, fromTime: time, to: epochMs })),
  all: byWindow.optional(),
  groups: z.array(byWindow.extend({ group: z.string().nullable() })).optional(),
  streams: z.array(byWindow.extend({ name: z.string(), group: z.string().nullable() })).optional(),
});

const historySchema = z.object({
  stream: z.string(),
  from: epochMs,
  to: epochMs,
  timezone: z.string(),
  checks: z
    .array(
      z.object({
        at: epochMs,
        time,
        state,
        reason,
        message: z.string().nullable(),
        latencyMs: milliseconds,
        status: z.enum(["ok", "fail"]),
      }),
    )
    .optional()
    .describe("Newest first; without `bucket`."),
  next: z.object({ to: epochMs }).nullable().optional(),
  bucketSeconds: z.number().optional(),
  buckets: z
    .array(
      z.object({
        at: epochMs,
        time,
        checks: counts,
        ok: z.number(),
        ms: msByState,
        latencyMs: z
          .object({
            min: milliseconds,
            average: milliseconds,
            max: milliseconds,
            p50: milliseconds,
            p95: milliseconds,
            p99: milliseconds,
          })
          .nullable(),
      }),
    )
    .optional()
    .describe("Oldest first; with `bucket`."),
});

const incidentsSchema = z.object({
  from: epochMs,
  to: epochMs,
  timezone: z.string(),
  incidents: z.array(
    z.object({
      id: z.number().int(),
      stream: z.string(),
      start: epochMs,
      end: epochMs.nullable(),
      state,
      reason,
      message: z.string().nullable(),
      startTime: time,
      endTime: time.nullable(),
      durationMs: z.number().nullable(),
    }),
  ),
  next: z.object({ before: z.string() }).nullable(),
});

const healthSchema = z.object({
  status: z.enum(["starting", "ok", "degraded", "failing"]),
  reasons: z.array(z.string()),
  parts: z.record(
    z.string(),
    z.object({ running: z.boolean(), problems: z.array(z.string()), details: anything }),
  ),
  version: z.string(),
  uptimeSeconds: z.number(),
  process: anything,
});

const settingsFileSchema = settingsSchema.omit({ handshake_timeout_ms: true });
const writtenStream = anything.describe("As it stands in config.yaml, secrets masked (`********`).");
const writtenSettings = anything.describe("As they stand in config.yaml, secrets masked.");

const configSchema = z.object({
  revision: z.string().describe("Changes whenever the file does; also the `ETag`."),
  streams: z.array(writtenStream),
  settings: writtenSettings,
  problems: z.array(z.string()),
  read_only: z.string().nullable().describe("Why nothing can be saved."),
});

const editAnswerSchema = z.object({
  revision: z.string(),
  added: z.array(z.string()).optional(),
  deleted: z.array(z.string()).optional(),
  stream: writtenStream.optional(),
  settings: writtenSettings.optional(),
  service: z.string().optional(),
  do: z.string().optional(),
});

const importAnswerSchema = z.object({
  format: z.enum(IMPORT_FORMATS),
  applied: z.boolean(),
  revision: z.string(),
  added: z.array(writtenStream),
  changed: z.array(z.object({ name: z.string(), set: writtenStream })),
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  settings: writtenSettings,
});

const tokenSchema = z.object({ id: z.string(), name: z.string(), createdAt: epochMs });

export const SCHEMAS = {
  Error: errorSchema,
  Health: healthSchema,
  Status: statusSchema,
  StreamStatus: streamStatusSchema,
  Uptime: uptimeSchema,
  History: historySchema,
  Incidents: incidentsSchema,
  Stream: streamSchema,
  StreamChange: streamSchema.partial().describe("Only what changes; null takes a key out of the file."),
  Settings: settingsFileSchema,
  Config: configSchema,
  EditAnswer: editAnswerSchema,
  Import: importMessageSchema.shape.payload,
  ImportAnswer: importAnswerSchema,
  Token: tokenSchema,
  NewToken: tokenSchema.extend({ token: z.string().describe("Shown once.") }),
} as const;

export type SchemaName = keyof typeof SCHEMAS;
