import type { Field } from "./fields/field";

/** A heading, and the keys of config.yaml below it. */
export interface FieldGroup {
  /** Its texts stand under `settings.group.<name>`. */
  name: string;
  fields: readonly Field[];
  /** Shown when somebody opens it. */
  folded?: boolean;
}

const number = (path: string): Field => ({ path, kind: "number" });
const flag = (path: string): Field => ({ path, kind: "flag" });
const text = (path: string): Field => ({ path, kind: "text" });

export const GENERAL: readonly FieldGroup[] = [
  {
    name: "general",
    fields: [
      number("heartbeat_seconds"),
      { path: "timezone", kind: "timezone" },
      text("site"),
      flag("strict_status"),
    ],
  },
  {
    name: "probe",
    fields: [
      { path: "probe.level", kind: "choice", options: ["media", "handshake"] },
      ...["media_seconds", "picture_minutes", "timeout_ms", "confirm_failures"].map((key) =>
        number(`probe.${key}`),
      ),
      ...["max_concurrent", "max_handshakes_per_host", "max_per_host"].map((key) => number(`probe.${key}`)),
    ],
  },
  { name: "retention", fields: [number("retention.checks_days"), number("retention.rollup_days")] },
];

const mqtt = (field: Field): Field => ({ ...field, path: `mqtt.${field.path}` });

export const MQTT: readonly FieldGroup[] = [
  {
    name: "broker",
    fields: [
      { ...flag("enabled"), wide: true },
      text("host"),
      number("port"),
      text("username"),
      { path: "password", kind: "secret" } as const,
      flag("use_tls"),
      flag("use_websocket"),
    ].map(mqtt),
  },
  {
    name: "publishing",
    fields: [
      text("topic"),
      number("interval_seconds"),
      { path: "qos", kind: "choice", options: ["0", "1", "2"] } as const,
      flag("retain"),
      flag("per_stream"),
      flag("discovery"),
      flag("commands"),
    ].map(mqtt),
  },
  {
    name: "connection",
    folded: true,
    fields: [
      text("client_id"),
      { path: "protocol_version", kind: "choice", options: ["4", "5"] } as const,
      ...["tls_port", "ws_port", "tls_ws_port"].map(number),
      text("ca_file"),
      text("cert_file"),
      text("key_file"),
      flag("tls_insecure"),
      text("api_status_url"),
    ].map(mqtt),
  },
];
