import { firstIssue } from "../../common/first-issue";
import { mqttSettingsSchema, type MqttSettings } from "../../contracts/settings";

/** The editor's form, as Node-RED keeps it. An empty host means: config.yaml's settings come by wire. */
export interface MqttStatusForm {
  host?: string;
  port?: string | number;
  protocol?: string;
  client_id?: string;
  protocol_version?: string | number;
  ca_file?: string;
  cert_file?: string;
  key_file?: string;
  tls_insecure?: boolean;
  mqtt_topic?: string;
  qos?: string | number;
  retain?: boolean;
  interval_seconds?: string | number;
  api_status_url?: string;
  per_stream?: boolean;
  discovery?: boolean;
  commands?: boolean;
  site?: string;
}

export interface FormCredentials {
  username?: string;
  password?: string;
}

export type FormRead = { form: { mqtt: MqttSettings; site?: string } | null } | { fault: string };

const PROTOCOLS: Record<string, { use_tls: boolean; use_websocket: boolean; port: string }> = {
  mqtt: { use_tls: false, use_websocket: false, port: "port" },
  mqtts: { use_tls: true, use_websocket: false, port: "tls_port" },
  ws: { use_tls: false, use_websocket: true, port: "ws_port" },
  wss: { use_tls: true, use_websocket: true, port: "tls_ws_port" },
};

export function readForm(form: MqttStatusForm, credentials: FormCredentials | undefined): FormRead {
  if (!form.host?.trim()) return { form: null };
  const protocol = PROTOCOLS[form.protocol || "mqtt"];
  if (!protocol) {
    const known = Object.keys(PROTOCOLS).join(", ");
    return {
      fault: `protocol must be one of ${known}, not ${JSON.stringify(String(form.protocol).slice(0, 40))}`,
    };
  }
  const { port, ...flags } = protocol;
  const given: Record<string, unknown> = {
    ...{ enabled: true, host: form.host.trim(), ...flags },
    [port]: numberOf(form.port),
    ...{ username: credentials?.username, password: credentials?.password, client_id: form.client_id },
    protocol_version: numberOf(form.protocol_version),
    ...{ ca_file: form.ca_file, cert_file: form.cert_file, key_file: form.key_file },
    topic: form.mqtt_topic,
    qos: numberOf(form.qos),
    interval_seconds: numberOf(form.interval_seconds),
    api_status_url: form.api_status_url,
    ...{ tls_insecure: form.tls_insecure, retain: form.retain },
    ...{ per_stream: form.per_stream, discovery: form.discovery, commands: form.commands },
  };
  // what nobody filled in has its default
  const filled = Object.entries(given).filter(([, value]) => value !== undefined && value !== "");
  const parsed = mqttSettingsSchema.safeParse(Object.fromEntries(filled));
  if (!parsed.success) return { fault: firstIssue(parsed.error).replace(":", "") };
  return { form: { mqtt: parsed.data, site: form.site?.trim() || undefined } };
}

/** What an editor's field holds: a number, a number as text, or nothing. */
function numberOf(field: string | number | undefined): number | undefined {
  return field === undefined || field === "" ? undefined : Number(field);
}
