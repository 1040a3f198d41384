import { parseStreamUrl, StreamUrlError, type StreamUrl } from "../../../common/stream-url";
import type { Level, Media, Timings } from "../../../contracts/check";
import type { Reason } from "../../../contracts/reasons";
import { authorize, type Credentials } from "./authorization";
import { Connection, elapsedMs } from "./connection";
import { Failure, LocalFailure } from "./failure";
import type { Network } from "./network";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "./prober";
import { header, type Head } from "./wire-reader";

const MOST_REDIRECTS = 3;

/** A verdict before it becomes a result. */
export interface Verdict {
  reason: Reason;
  message: string;
  level: Level;
  media?: Media;
}

/**
 * One probe from its start to its result: the total deadline, the connection that is open, the timings, and what may be
 * sent to whom when a camera redirects or asks for credentials.
 */
export class ProbeRun {
  readonly timings: Timings = {};
  /** What is awaited now, for the message of a timeout: "no answer to DESCRIBE". */
  awaiting = "";

  private latencyMs: number | null = null;
  private credentialsSent = false;
  private credentialsRefused = false;
  private certificateExpired = false;
  private connection?: Connection;
  private requestedAt = 0;
  private redirects = 0;
  private readonly beganAt: number;
  private readonly timer: unknown;
  private timedOut?: Failure;

  constructor(
    private readonly request: ProbeRequest,
    private readonly network: Network,
  ) {
    this.beganAt = network.clock.elapsed();
    this.timer = network.clock.setTimeout(() => this.expire(), request.timeoutMs);
  }

  /** Opens a connection and closes the one before. */
  async connect(url: StreamUrl): Promise<Connection | Failure | LocalFailure> {
    if (this.timedOut) return this.timedOut;
    this.connection?.close();
    const connection = new Connection(url, this.request.tlsVerify, this.network, this.timings);
    this.connection = connection;
    const failure = await connection.open();
    if (failure) return failure;
    this.certificateExpired ||= connection.certificateExpired;
    return connection;
  }

  /** A request is on its way: the answer's time counts from here. */
  requested(awaiting: string): void {
    this.awaiting = awaiting;
    this.requestedAt = this.network.clock.elapsed();
  }

  /** The protocol has answered. Only the first answer counts for the latency. */
  answered(): void {
    if (this.latencyMs !== null) return;
    const now = this.network.clock.elapsed();
    this.latencyMs = elapsedMs(this.beganAt, now);
    this.timings.answerMs = elapsedMs(this.requestedAt, now);
  }

  /**
   * The Authorization header that answers a 401; undefined when there is none to send: no credentials in the URL, no
   * challenge that we know, credentials that were sent already, or that another host wants.
   */
  authorization(head: Head, url: StreamUrl, method: string, uri: string): string | undefined {
    if (this.credentialsSent) {
      this.credentialsRefused = true;
      return undefined;
    }
    const credentials = this.credentialsFor(url);
    if (!credentials || this.request.withholdCredentials) return undefined;
    const answer = authorize(head.headers.get("www-authenticate") ?? [], credentials, method, uri);
    this.credentialsSent = answer !== undefined;
    return answer;
  }

  /** The verdict on a 401 that no further request can change. */
  unauthorized(message: string): Verdict {
    const known =
      this.credentialsRefused || (this.request.withholdCredentials && hasCredentials(this.request.url));
    return { reason: known ? "auth_failed" : "auth_required", message, level: "handshake" };
  }

  /** Where a redirect leads, or why it cannot be followed. */
  redirected(head: Head, from: StreamUrl): StreamUrl | Failure {
    const location = header(head, "location");
    const answer = `${from.protocol.toUpperCase()} ${head.status}`;
    if (!location) return new Failure("redirect_failed", `${answer} without a Location`);
    if (++this.redirects > MOST_REDIRECTS) {
      return new Failure("redirect_failed", `${answer}: more than ${MOST_REDIRECTS} redirects`);
    }
    try {
      const target = parseStreamUrl(absolute(location, from));
      if (target.protocol !== from.protocol) {
        return new Failure("redirect_failed", `${answer} to another protocol (${target.scheme})`);
      }
      // what a camera puts into a redirect is not ours to send: only the URL's own credentials ever are
      return { ...target, username: undefined, password: undefined };
    } catch (error) {
      if (!(error instanceof StreamUrlError)) throw error;
      return new Failure("redirect_failed", `${answer} to an address that cannot be read`);
    }
  }

  result(outcome: Verdict | Failure | LocalFailure): ProbeResult | ProbeNotMade {
    if (outcome instanceof LocalFailure) return { notMade: outcome.message };
    let { reason, message } = outcome;
    if (this.certificateExpired && reason === "ok") {
      reason = "tls_expired";
      message = `${message}, certificate expired`;
    }
    return {
      reason,
      message,
      latencyMs: this.latencyMs,
      timings: this.timings,
      level: outcome instanceof Failure ? "handshake" : outcome.level,
      media: outcome instanceof Failure ? undefined : outcome.media,
      credentialsRefused: this.credentialsRefused,
    };
  }

  /** Leaves nothing open. */
  end(): void {
    this.network.clock.clearTimeout(this.timer);
    this.connection?.close();
  }

  /** Credentials go to the host of the URL alone, and never over a weaker scheme than the user wrote. */
  private credentialsFor(url: StreamUrl): Credentials | undefined {
    const own = this.request.url;
    if (own.username === undefined) return undefined;
    if (url.host.toLowerCase() !== own.host.toLowerCase() || (own.secure && !url.secure)) return undefined;
    return { username: own.username, password: own.password ?? "" };
  }

  private expire(): void {
    const seconds = this.request.timeoutMs / 1000;
    const message = this.latencyMs === null ? "timeout" : `timeout: ${this.awaiting} within ${seconds} s`;
    this.timedOut = new Failure("timeout", message);
    this.connection?.fail(this.timedOut);
  }
}

function hasCredentials(url: StreamUrl): boolean {
  return url.username !== undefined;
}

/** A Location may be relative (RFC 9110 §10.2.2). */
function absolute(location: string, base: StreamUrl): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return location;
  if (location.startsWith("//")) return `${base.scheme}:${location}`;
  if (location.startsWith("/")) return base.origin + location;
  const path = base.path.replace(/\?.*$/s, "");
  return base.origin + path.slice(0, path.lastIndexOf("/") + 1) + location;
}
