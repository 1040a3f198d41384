import { z } from "zod";

/** A whole or broken number with its limits, in words that a person can act on. */
const number = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const atMost = max === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${max}`;
  const words = `must be a number of at least ${min}${atMost}`;
  return z.number(words).min(min, words).max(max, words);
};
const integer = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  number(min, max).int("must be a whole number");
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

/** `probe:` of config.yaml (DESIGN §9). The defaults stand here and nowhere else, and so do the words of CONFIG.md. */
export const probeSettingsSchema = z.object({
  level: z
    .enum(["handshake", "media"], "must be handshake or media")
    .default("media")
    .describe("`media`: see that a picture arrives. `handshake`: see only that the stream is announced."),
  media_seconds: number(0, 86_400)
    .default(60)
    .describe(
      "How often a picture is waited for, in seconds; between, checks are handshakes. At least `heartbeat_seconds`, or 0: never again after the first check.",
    ),
  picture_minutes: number(0, 10_080)
    .default(0)
    .describe(
      "How often one picture is decoded and judged (black, frozen), in minutes, by ffmpeg. 0: never.",
    ),
  timeout_ms: integer(500, 60_000)
    .optional()
    .describe(
      "The longest that one probe may take, in milliseconds. Unset: 3,500 for a handshake, 10,000 for a media check.",
    ),
  confirm_failures: integer(1, 10)
    .default(2)
    .describe("How many checks in a row must be worse before a stream counts as worse."),
  max_concurrent: integer(1, 10_000).default(256).describe("How many probes run at the same time."),
  max_handshakes_per_host: integer(1, 10_000)
    .default(16)
    .describe("How many of them are handshakes with one host."),
  max_per_host: integer(1, 1000)
    .default(2)
    .describe("How many of them take a picture from one host, viewers included."),
});
export type ProbeSettings = z.infer<typeof probeSettingsSchema>;

export const retentionSettingsSchema = z.object({
  checks_days: number(1, 36_500).default(7).describe("How many days single checks are kept."),
  rollup_days: number(1, 36_500)
    .default(400)
    .describe("How many days hourly sums are kept. Incidents are kept for ever."),
});

/** `mqtt:` of config.yaml: v2.2's keys with their meaning, and the added ones of DESIGN §9. */
export const mqttSettingsSchema = z.object({
  enabled: flag().default(false).describe("Whether anything is published. Then `host` must be set."),
  host: text().nullish().describe("The broker."),
  port: integer(1, 65_535).default(1883).describe("Its port for plain TCP."),
  ws_port: integer(1, 65_535).default(8000).describe("Its port for WebSocket."),
  tls_port: integer(1, 65_535).default(8883).describe("Its port for TLS."),
  tls_ws_port: integer(1, 65_535).default(8884).describe("Its port for WebSocket over TLS."),
  use_tls: flag().default(false).describe("Connect by TLS."),
  use_websocket: flag().default(false).describe("Connect by WebSocket."),
  username: text().nullish().describe("For a broker that asks for it."),
  password: text().nullish().describe("`${NAME}` keeps it out of the file."),
  client_id: text().nullish().describe("Unset: one is made."),
  topic: text()
    .default("streampulse/status")
    .describe("Where the status of all streams is published as one JSON."),
  qos: z
    .union([z.literal(0), z.literal(1), z.literal(2)], "must be 0, 1 or 2")
    .default(0)
    .describe("Of that message."),
  retain: flag().default(false).describe("Whether the broker keeps that message for who comes later."),
  interval_seconds: number(0, 86_400)
    .default(5)
    .describe("How often it is published, in seconds. Less than 5 means 5."),
  api_status_url: text()
    .nullish()
    .describe("Where the status comes from when it names another host: that is asked, as v2.2 did."),
  per_stream: flag()
    .default(false)
    .describe("A topic for each stream, an event for each change, and `online` or `offline` as last will."),
  discovery: flag().default(false).describe("Let Home Assistant find the streams by itself."),
  commands: flag().default(false).describe("Take commands over MQTT."),
  tls_insecure: flag().default(false).describe("With `use_tls`: accept any certificate."),
  ca_file: text().nullish().describe("With `use_tls`: the certificate of an authority of your own."),
  cert_file: text()
    .nullish()
    .describe("With `use_tls` and `key_file`: our own certificate, where the broker wants one."),
  key_file: text().nullish().describe("The key that belongs to `cert_file`."),
  protocol_version: z
    .union([z.literal(4), z.literal(5)], "must be 4 or 5")
    .default(4)
    .describe("4 is MQTT 3.1.1, 5 is MQTT 5."),
});
export type MqttSettings = z.infer<typeof mqttSettingsSchema>;

const handshakeTimeoutMs = integer(500, 60_000);

/** Everything of config.yaml but `streams:`. */
export const settingsSchema = z.object({
  heartbeat_seconds: number(2, 3600).default(20).describe("How often each stream is checked, in seconds."),
  timezone: text()
    .refine(isTimezone, "must be an IANA time zone such as Europe/Berlin")
    .default("UTC")
    .describe(
      "The time zone of times in the status API, over MQTT and in exports: an IANA name such as `Europe/Berlin`.",
    ),
  strict_status: flag()
    .default(false)
    .describe(
      "`true`: the status API and MQTT say `fail` for every stream that is not fully up. v2.2 said `ok` for a camera that answers but refuses.",
    ),
  site: text()
    .max(200, "must not be longer than 200 characters")
    .optional()
    .describe(
      "The name of this place, added to MQTT topics. Wanted where several StreamPulse share one broker.",
    ),
  probe: probeSettingsSchema.prefault({}).describe("How streams are probed."),
  retention: retentionSettingsSchema.prefault({}).describe("How long what was seen is kept."),
  mqtt: mqttSettingsSchema.prefault({}).describe("Publishing to an MQTT broker."),
  services: z
    .record(z.string(), z.unknown(), "must be a map")
    .optional()
    .describe("What was stopped by hand: `monitor: {stopped: true}`, `mqtt: {stopped: true}`."),
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
