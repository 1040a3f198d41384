import { z } from "zod";

/** A whole or broken number with its limits, in words that a person can act on. */
const number = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const atMost = max === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${max}`;
  const words = `must be a number of at least ${min}${atMost}`;
  return z.number(words).min(min, words).max(max, words);
};
const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  number(min, max).refine(Number.isInteger, "must be a whole number");
const flag = () => z.boolean("must be true or false");
const text = () => z.string("must be text");

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `probe:` of config.yaml (DESIGN §9). The defaults stand here and nowhere else. */
export const probeSettingsSchema = z.object({
  level: z.enum(["handshake", "media"], "must be handshake or media").default("media"),
  /** 0: never again after the first check. */
  media_seconds: number(0, 86_400).default(60),
  /** How often one picture is decoded and judged, by ffmpeg. 0: never. */
  picture_minutes: number(0, 10_080).default(0),
  /** Limit of a whole probe. Unset: 3,500 for a handshake, 10,000 for a media check. */
  timeout_ms: integer(500, 60_000).optional(),
  confirm_failures: integer(1, 10).default(2),
  max_concurrent: integer(1, 10_000).default(256),
  max_handshakes_per_host: integer(1, 10_000).default(16),
  max_per_host: integer(1, 1000).default(2),
});
export type ProbeSettings = z.infer<typeof probeSettingsSchema>;

export const retentionSettingsSchema = z.object({
  checks_days: number(1, 36_500).default(7),
  rollup_days: number(1, 36_500).default(400),
});

/** `mqtt:` of config.yaml: v2.2's keys with their meaning, and the added ones of DESIGN §9. */
export const mqttSettingsSchema = z.object({
  enabled: flag().default(false),
  host: text().nullish(),
  port: integer(1, 65_535).default(1883),
  ws_port: integer(1, 65_535).default(8000),
  tls_port: integer(1, 65_535).default(8883),
  tls_ws_port: integer(1, 65_535).default(8884),
  use_tls: flag().default(false),
  use_websocket: flag().default(false),
  username: text().nullish(),
  password: text().nullish(),
  client_id: text().nullish(),
  topic: text().default("streampulse/status"),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)], "must be 0, 1 or 2").default(0),
  retain: flag().default(false),
  interval_seconds: number(0, 86_400).default(5),
  api_status_url: text().nullish(),
  per_stream: flag().default(false),
  discovery: flag().default(false),
  commands: flag().default(false),
  tls_insecure: flag().default(false),
  ca_file: text().nullish(),
  cert_file: text().nullish(),
  key_file: text().nullish(),
  protocol_version: z.union([z.literal(4), z.literal(5)], "must be 4 or 5").default(4),
});
export type MqttSettings = z.infer<typeof mqttSettingsSchema>;

const handshakeTimeoutMs = integer(500, 60_000);

/** Everything of config.yaml but `streams:`. */
export const settingsSchema = z.object({
  heartbeat_seconds: number(2, 3600).default(20),
  timezone: text().refine(isTimezone, "must be an IANA time zone such as Europe/Berlin").default("UTC"),
  strict_status: flag().default(false),
  site: text().max(200, "must not be longer than 200 characters").optional(),
  probe: probeSettingsSchema.prefault({}),
  retention: retentionSettingsSchema.prefault({}),
  mqtt: mqttSettingsSchema.prefault({}),
  services: z.record(z.string(), z.unknown(), "must be a map").optional(),
  /**
   * v2.2's environment variables RTSP_TIMEOUT and MJPEG_TIMEOUT, in milliseconds, by the protocol that is spoken; no key
   * of config.yaml. The limit of a handshake where neither the stream nor `probe.timeout_ms` sets one.
   */
  handshake_timeout_ms: z
    .object({ rtsp: handshakeTimeoutMs.optional(), http: handshakeTimeoutMs.optional() })
    .optional(),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The services of v2.2 that can be stopped, started and restarted alone. */
export const SERVICES = ["monitor", "mqtt"] as const;
export type Service = (typeof SERVICES)[number];

/** `services: {mqtt: {stopped: true}}` of config.yaml: what was stopped by hand stays so over a restart of the program. */
export function isStopped({ services }: Pick<Settings, "services">, service: Service): boolean {
  const entry = services?.[service];
  return typeof entry === "object" && entry !== null && "stopped" in entry && entry.stopped === true;
}
