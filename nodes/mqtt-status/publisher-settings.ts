import { isIP, isIPv6 } from "node:net";
import path from "node:path";
import type { MqttSettings } from "../../contracts/settings";
import type { BrokerSettings } from "./broker-settings";
import { isOwnStatus, statusUrlFault } from "./status-source";
import { topicFault } from "../../common/mqtt-topic-fault";
import { topicsOf, type Topics } from "./topics";

/** What is published where, read and checked. */
export interface PublisherSettings {
  broker: BrokerSettings;
  topics: Topics;
  qos: 0 | 1 | 2;
  retain: boolean;
  intervalMs: number;
  /** Another installation's status instead of our own. */
  statusUrl?: string;
  perStream: boolean;
  discovery: boolean;
  commands: boolean;
  site?: string;
  timezone: string;
}

export interface ReadContext {
  site?: string;
  timezone: string;
  /** Where relative file names begin. */
  folder: string;
  /** The client id when none is set: the same after each restart, so that the broker ends a connection left over. */
  clientId: string;
  /** Of our own API. */
  apiPort?: number;
}

export interface SettingsRead {
  settings?: PublisherSettings;
  /** Why nothing can be published. A sentence. */
  fault?: string;
  /** What is done otherwise than it is set. Sentences. */
  warnings: string[];
}

const LEAST_INTERVAL_SECONDS = 5;
/** MQTT counts the length of a text in two bytes (§1.5.3). */
const MOST_TEXT_BYTES = 65_535;

/** @param mqtt with `enabled: true` */
export function readPublisherSettings(mqtt: MqttSettings, context: ReadContext): SettingsRead {
  const host = (mqtt.host ?? "").trim().replace(/^\[(.*)\]$/, "$1");
  const { topic } = mqtt;
  const perStream = mqtt.per_stream || mqtt.discovery || mqtt.commands;
  const topics = topicsOf(topic, context.site?.trim() || undefined);
  const statusUrl = mqtt.api_status_url?.trim() || undefined;
  const faults: [key: string, fault: string | undefined][] = [
    ["host", hostFault(host)],
    ["topic", topicFault(topic)],
    [
      "topic",
      perStream && topic === topics.events
        ? "must be another, because events are published there"
        : undefined,
    ],
    ["api_status_url", statusUrl === undefined ? undefined : statusUrlFault(statusUrl)],
    ...(["username", "password", "client_id"] as const).map((key): [string, string | undefined] => [
      key,
      textFault(mqtt[key] ?? ""),
    ]),
    ["username", mqtt.password && !mqtt.username ? "must be set too where a password is" : undefined],
    [
      "key_file",
      Boolean(mqtt.cert_file) === Boolean(mqtt.key_file) ? undefined : "and mqtt.cert_file need each other",
    ],
  ];
  const found = faults.find(([, fault]) => fault !== undefined);
  if (found) return { fault: `mqtt.${found[0]} ${found[1]}; nothing is published.`, warnings: [] };

  const interval = Math.max(mqtt.interval_seconds, LEAST_INTERVAL_SECONDS);
  return {
    settings: {
      broker: brokerSettings(mqtt, host, context, perStream ? topics.bridgeStatus : undefined),
      topics,
      qos: mqtt.qos,
      retain: mqtt.retain,
      intervalMs: interval * 1000,
      statusUrl: statusUrl && !isOwnStatus(statusUrl, context.apiPort) ? statusUrl : undefined,
      perStream,
      discovery: mqtt.discovery,
      commands: mqtt.commands,
      site: context.site?.trim() || undefined,
      timezone: context.timezone,
    },
    warnings: warningsOf(mqtt),
  };
}

function brokerSettings(
  mqtt: MqttSettings,
  host: string,
  context: ReadContext,
  willTopic: string | undefined,
): BrokerSettings {
  const { use_tls: tls, use_websocket: websocket } = mqtt;
  const file = (name: string | null | undefined) => (name ? path.resolve(context.folder, name) : undefined);
  return {
    host,
    // v2.2's four ports
    port: websocket ? (tls ? mqtt.tls_ws_port : mqtt.ws_port) : tls ? mqtt.tls_port : mqtt.port,
    tls,
    websocket,
    username: mqtt.username || undefined,
    password: mqtt.password || undefined,
    clientId: mqtt.client_id || context.clientId,
    protocolVersion: mqtt.protocol_version,
    tlsInsecure: mqtt.tls_insecure,
    caFile: file(mqtt.ca_file),
    certFile: file(mqtt.cert_file),
    keyFile: file(mqtt.key_file),
    willTopic,
  };
}

function warningsOf(mqtt: MqttSettings): string[] {
  const warnings: string[] = [];
  if (mqtt.interval_seconds < LEAST_INTERVAL_SECONDS) {
    warnings.push(
      `mqtt.interval_seconds is ${mqtt.interval_seconds}, which is too often: ${LEAST_INTERVAL_SECONDS} is used`,
    );
  }
  if (mqtt.use_tls && mqtt.tls_insecure) {
    warnings.push(
      "mqtt.tls_insecure is set: anybody in between can pretend to be the broker and read the password; name its authority as mqtt.ca_file instead",
    );
  }
  return warnings;
}

function hostFault(host: string): string | undefined {
  if (host === "") return "must name the broker, such as localhost, because mqtt.enabled is true";
  if (host.includes("://")) return "must be a host name or address alone, without mqtt:// in front";
  if (isIPv6(host)) return undefined;
  if (host.includes(":")) return "must be a host name or address alone: the port stands under mqtt.port";
  if (isIP(host) || (host.length <= 253 && /^[^\s/\\@?#"'<>[\]\u0000-\u001f\u007f]+$/.test(host)))
    return undefined;
  return "must be a host name or address";
}

function textFault(text: string): string | undefined {
  if (Buffer.byteLength(text) > MOST_TEXT_BYTES) return `must not be longer than ${MOST_TEXT_BYTES} bytes`;
  if (/\u0000/.test(text) || !text.isWellFormed()) return "must not contain a null character";
  return undefined;
}
