import { readFile, stat } from "node:fs/promises";
import { X509Certificate } from "node:crypto";
import { isIPv6 } from "node:net";
import path from "node:path";
import { createSecureContext } from "node:tls";
import type { IClientOptions } from "mqtt";

/** How to reach the broker. Two that are equal need no new connection. */
export interface BrokerSettings {
  /** A name or address; an IPv6 address without brackets. */
  host: string;
  port: number;
  tls: boolean;
  websocket: boolean;
  username?: string;
  password?: string;
  clientId: string;
  protocolVersion: 4 | 5;
  /** Accepts any certificate. */
  tlsInsecure: boolean;
  /** PEM files, absolute. */
  caFile?: string;
  certFile?: string;
  keyFile?: string;
  /** Where the broker says `offline` when we are gone without a word; none where nobody is told. */
  willTopic?: string;
}

/** Something of the settings makes every try useless. The message is one sentence. */
export class SetupError extends Error {}

const CONNECT_TIMEOUT_MS = 10_000;
/** As v2.2. */
const KEEP_ALIVE_SECONDS = 60;
const MOST_PEM_BYTES = 1024 * 1024;
/** Larger than anything that is sent to us with reason. */
export const MOST_PACKET_BYTES = 1024 * 1024;

export function brokerName({ host, port }: Pick<BrokerSettings, "host" | "port">): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/**
 * What the MQTT library wants to know. The files are read each time, because certificates are renewed.
 * @throws SetupError
 */
export async function clientOptions(settings: BrokerSettings): Promise<IClientOptions> {
  const { host, port, tls, websocket, username, password, clientId, protocolVersion, willTopic } = settings;
  return {
    protocol: websocket ? (tls ? "wss" : "ws") : tls ? "mqtts" : "mqtt",
    hostname: websocket && isIPv6(host) ? `[${host}]` : host,
    port,
    // as v2.2's client library asked for
    path: "/mqtt",
    username,
    password,
    clientId,
    clean: true,
    protocolVersion,
    keepalive: KEEP_ALIVE_SECONDS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // the connection's owner decides when to try again
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    properties:
      protocolVersion === 5 ? { maximumPacketSize: MOST_PACKET_BYTES, receiveMaximum: 100 } : undefined,
    will: willTopic ? { topic: willTopic, payload: Buffer.from("offline"), qos: 1, retain: true } : undefined,
    wsOptions: {
      maxPayload: MOST_PACKET_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
    },
    ...(tls ? await tlsOptions(settings) : {}),
  };
}

async function tlsOptions(settings: BrokerSettings): Promise<Partial<IClientOptions>> {
  const [ca, cert, key] = await Promise.all([
    readPem("ca_file", settings.caFile),
    readPem("cert_file", settings.certFile),
    readPem("key_file", settings.keyFile),
  ]);
  try {
    // Node.js takes an authority's file that holds no certificate for an empty list
    if (ca) new X509Certificate(ca);
  } catch {
    throw new SetupError(`mqtt.ca_file ${nameOf(settings.caFile)} holds no certificate that can be read.`);
  }
  try {
    createSecureContext({ cert, key });
  } catch {
    throw new SetupError(
      `mqtt.cert_file ${nameOf(settings.certFile)} and mqtt.key_file ${nameOf(settings.keyFile)} are not a certificate and its key without a pass phrase.`,
    );
  }
  return { ca, cert, key, rejectUnauthorized: !settings.tlsInsecure };
}

async function readPem(key: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  try {
    const found = await stat(file);
    // a device or a pipe would be read for ever
    if (!found.isFile()) throw new SetupError(`mqtt.${key} ${nameOf(file)} is no file.`);
    if (found.size > MOST_PEM_BYTES)
      throw new SetupError(`mqtt.${key} ${nameOf(file)} is too large for a certificate.`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? "error";
    throw new SetupError(`mqtt.${key} ${nameOf(file)} cannot be read (${code}).`);
  }
}

/** The folder is nobody's business who reads /healthz. */
function nameOf(file: string | undefined): string {
  return JSON.stringify(path.basename(file ?? ""));
}
