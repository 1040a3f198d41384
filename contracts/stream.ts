import { z } from "zod";
import { parseStreamUrl, StreamUrlError } from "../common/stream-url";

/** The name is the stream's handle in every message, path and topic. 1–200 characters, no control characters. */
export const streamNameSchema = z
  .string("must be text")
  .refine((name) => name.trim() !== "", "must not be empty")
  .refine((name) => [...name].length <= 200, "must not be longer than 200 characters")
  .refine(
    (name) => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name),
    "must not contain control characters",
  );

export const streamUrlSchema = z.string("must be text").superRefine((url, context) => {
  try {
    parseStreamUrl(url);
  } catch (error) {
    if (!(error instanceof StreamUrlError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
  }
});

/** One entry of `streams:` in config.yaml (DESIGN §4). What is not set falls back to the `probe:` settings. */
export const streamSchema = z.object({
  name: streamNameSchema.describe("Unique, 1 to 200 characters."),
  url: streamUrlSchema.describe(
    "`rtsp://`, `rtsps://`, `http://` or `https://`, with user name and password where the camera wants them. Special characters of a password are best written as %XX (/ as %2F).",
  ),
  enabled: z
    .boolean("must be true or false")
    .default(true)
    .describe("`false`: keep the stream, but do not check it."),
  group: z
    .string("must be text")
    .max(200, "must not be longer than 200 characters")
    .optional()
    .describe("To sort and filter by."),
  tags: z
    .array(
      z.string("must be text").max(100, "must not be longer than 100 characters"),
      "must be a list, such as [outdoor, north]",
    )
    .max(50, "must not have more than 50 entries")
    .optional()
    .describe("To filter by: a list, such as `[outdoor, north]`."),
  heartbeat_seconds: z
    .number("must be a number")
    .min(2, "must be at least 2")
    .max(3600, "must be at most 3600")
    .optional()
    .describe("In the place of `heartbeat_seconds` for all."),
  timeout_ms: z
    .number("must be a number")
    .int("must be a whole number")
    .min(500, "must be at least 500")
    .max(60_000, "must be at most 60000")
    .optional()
    .describe("In the place of `probe.timeout_ms`."),
  level: z
    .enum(["handshake", "media"], "must be handshake or media")
    .optional()
    .describe("In the place of `probe.level`."),
  picture_minutes: z
    .number("must be a number")
    .min(0, "must be at least 0")
    .max(10_080, "must be at most 10080")
    .optional()
    .describe("In the place of `probe.picture_minutes`."),
  transport: z
    .enum(["tcp", "udp"], "must be tcp or udp")
    .optional()
    .describe("How an RTSP camera is to send its picture. Unset: TCP."),
  confirm_failures: z
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(10, "must be at most 10")
    .optional()
    .describe("In the place of `probe.confirm_failures`."),
  tls_verify: z
    .boolean("must be true or false")
    .optional()
    .describe(
      "`true`: refuse a certificate that nobody trusts (rtsps, https). Cameras have self-signed ones.",
    ),
});

export type Stream = z.infer<typeof streamSchema>;
