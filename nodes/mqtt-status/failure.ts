/** Why there is no connection to the broker. */
export type FailureKind =
  | "setup"
  | "dns"
  | "unreachable"
  | "no_answer"
  | "tls"
  | "websocket"
  | "protocol"
  | "credentials"
  | "not_authorised"
  | "client_id"
  | "taken_over"
  | "refused"
  | "closed"
  | "lost";

export interface Failure {
  kind: FailureKind;
  /** A sentence for a person: what is wrong, where, what to do. No credentials. */
  text: string;
}

/** What a failure is told about, for its sentence. */
export interface FailurePlace {
  /** `host:port`. */
  broker: string;
  clientId: string;
}

/** As an editor's status shows it. */
export const FAILURE_LABELS: Record<FailureKind, string> = {
  setup: "wrong settings",
  dns: "host name unknown",
  unreachable: "broker unreachable",
  no_answer: "broker does not answer",
  tls: "no encrypted connection",
  websocket: "no WebSocket there",
  protocol: "not an MQTT broker",
  credentials: "wrong user name or password",
  not_authorised: "not authorised",
  client_id: "client id refused",
  taken_over: "client id used by another",
  refused: "broker refuses",
  closed: "broker closes the connection",
  lost: "connection lost",
};

/** CONNACK and DISCONNECT codes of MQTT 3.1.1 (§3.2.2.3, below 128) and MQTT 5 (§2.4) that mean more than a refusal. */
const CODES: Record<number, FailureKind> = {
  2: "client_id",
  4: "credentials",
  5: "not_authorised",
  133: "client_id",
  134: "credentials",
  135: "not_authorised",
  140: "credentials",
  142: "taken_over",
};

/** @param code of the broker's CONNACK or DISCONNECT; @param words the code's name in the standard */
export function refusal(
  code: number,
  words: string,
  { broker, clientId }: FailurePlace,
  wasOpen: boolean,
): Failure {
  const kind = CODES[code] ?? "refused";
  switch (kind) {
    case "credentials":
      return {
        kind,
        text: `The broker ${broker} refuses the user name or password: check mqtt.username and mqtt.password.`,
      };
    case "not_authorised":
      return {
        kind,
        text: `The broker ${broker} does not authorise this client: check mqtt.username and mqtt.password, and the broker's access list.`,
      };
    case "client_id":
      return {
        kind,
        text: `The broker ${broker} refuses the client id ${JSON.stringify(clientId)}: set another mqtt.client_id.`,
      };
    case "taken_over":
      return {
        kind,
        text: `Another client took over the client id ${JSON.stringify(clientId)} at the broker ${broker}: set a mqtt.client_id that nobody else has.`,
      };
    default:
      return {
        kind,
        text: `The broker ${broker} ${wasOpen ? "ended" : "refuses"} the connection: ${words} (code ${code}).`,
      };
  }
}

export function closedAtOnce({ broker }: FailurePlace): Failure {
  return {
    kind: "closed",
    text: `What listens at ${broker} closes the connection at once: check the port, and whether it wants TLS, WebSocket or a certificate of ours.`,
  };
}

const UNREACHABLE = new Set([
  ...["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"],
  ...["EACCES", "EADDRNOTAVAIL", "EHOSTDOWN"],
]);
const CLOSED = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE"]);
const DNS = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME"]);
const TLS_CODE =
  /^(ERR_(TLS|SSL|OSSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|EPROTO$)/;

/** What a socket, TLS or WebSocket reported, or the MQTT library. */
export function connectionFailure(error: Error, place: FailurePlace, wasOpen: boolean): Failure {
  const { broker } = place;
  const { code = "", message } = firstOf(error);
  if (DNS.has(code)) {
    return {
      kind: "dns",
      text: `The host name of the broker ${broker} cannot be resolved: check mqtt.host.`,
    };
  }
  if (TLS_CODE.test(code) || message === "TLS not authorized") {
    return {
      kind: "tls",
      text: `No encrypted connection to the broker ${broker} (${code || message}): check the port, and name the certificate of its authority as mqtt.ca_file.`,
    };
  }
  if (wasOpen)
    return { kind: "lost", text: `The connection to the broker ${broker} was lost (${code || message}).` };
  if (CLOSED.has(code)) return closedAtOnce(place);
  if (UNREACHABLE.has(code)) {
    return {
      kind: "unreachable",
      text: `The broker ${broker} cannot be reached (${code}): check mqtt.host and the port, and whether the broker runs.`,
    };
  }
  if (/^Unexpected server response|WebSocket|Sec-WebSocket|subprotocol/i.test(message)) {
    return {
      kind: "websocket",
      text: `The address ${broker} answers, but not with MQTT over WebSocket (${shorten(message)}): check the port and mqtt.use_websocket.`,
    };
  }
  return {
    kind: "protocol",
    text: `What answers at ${broker} does not speak MQTT (${shorten(message)}): check the port and mqtt.protocol_version.`,
  };
}

/** Node.js tries all addresses of a name and then throws all errors at once. */
function firstOf(error: Error): { code?: string; message: string } {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  return inner instanceof Error ? inner : error;
}

/** Parsers quote what they were sent. */
function shorten(message: string): string {
  return message.replace(/[^\x20-\x7e]+/g, " ").slice(0, 100);
}
