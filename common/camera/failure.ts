import type { Reason } from "../../contracts/reasons";

/** Why a step of a probe did not succeed: a value that is handed up, not an exception. */
export class Failure {
  constructor(
    readonly reason: Reason,
    readonly message: string,
  ) {}
}

/** The monitor's own machine failed, not the camera. */
export class LocalFailure {
  constructor(readonly message: string) {}
}

/** Errors of our own machine: no descriptors, no ports, no memory. A camera must not be called down for them. */
const LOCAL_CODES: Record<string, string> = {
  EMFILE: "out of file descriptors: raise the limit (ulimit -n) or lower probe.max_concurrent",
  ENFILE: "the system is out of file descriptors: lower probe.max_concurrent",
  EADDRNOTAVAIL: "out of local ports: lower probe.max_concurrent or raise the heartbeat",
  ENOBUFS: "the system is out of network buffers: lower probe.max_concurrent",
  ENOMEM: "the system is out of memory",
  EACCES: "the system forbids the connection (a local firewall or sandbox)",
  EPERM: "the system forbids the connection (a local firewall or sandbox)",
};

/** @param where host and port as a person reads them */
export function failureOfSocketError(error: NodeJS.ErrnoException, where: string): Failure | LocalFailure {
  // with several addresses Node.js tries all and bundles the errors
  const code =
    error.code ??
    (error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException).code : undefined);
  const local = code === undefined ? undefined : LOCAL_CODES[code];
  if (local) return new LocalFailure(local);
  switch (code) {
    case "ECONNREFUSED":
      return new Failure("connect_refused", `connection refused by ${where}`);
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
      return new Failure("unreachable", `no route to ${where} (${code})`);
    case "ETIMEDOUT":
      return new Failure("timeout", "timeout");
    case "ECONNRESET":
    case "EPIPE":
    case "ECONNABORTED":
      return new Failure("connection_closed", `connection reset by ${where}`);
    default:
      return isTlsError(error)
        ? new Failure("tls_failed", `TLS with ${where} failed: ${tlsWords(error)}`)
        : new Failure("connection_closed", `connection to ${where} failed (${code ?? "unknown error"})`);
  }
}

function isTlsError(error: NodeJS.ErrnoException): boolean {
  return /^ERR_(SSL|TLS)|^EPROTO$|CERT|SELF_SIGNED|UNABLE_TO/.test(error.code ?? "");
}

/** OpenSSL's errors hold addresses and C file names; the code says enough. */
function tlsWords(error: NodeJS.ErrnoException): string {
  const reason = (error as { reason?: unknown }).reason;
  return typeof reason === "string"
    ? reason
    : (error.code ?? "handshake error").toLowerCase().replaceAll("_", " ");
}
