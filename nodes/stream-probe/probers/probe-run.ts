import { parseStreamUrl, StreamUrlError, type StreamUrl } from "../../../common/stream-url";
import type { Level, Media, Timings } from "../../../contracts/check";
import type { Reason } from "../../../contracts/reasons";
import { Authorizer, isStale, type Credentials } from "./authorization";
import { Connection, elapsedMs } from "./connection";
import { Failure, LocalFailure } from "./failure";
import type { Network } from "./network";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "./prober";
import { header, type Head } from "./wire-reader";

const MOST_REDIRECTS = 3;
/** A camera may find our nonce too old; one that always does would keep us asking. */
const MOST_STALE_NONCES = 2;

/** A verdict before it becomes a result. */
export interface Verdict {
  reason: Reason;
  message: string;
  media?: Media;
}

/**
 * One probe from its start to its result: the total deadline, the connection that is open, the timings, and what may be
 * sent to whom when a camera redirects or asks for credentials.
 */
export class ProbeRun {
  readonly timings: Timings = {};
  /** Something came where the picture should, and nobody could make anything of it. */
  unreadable = false;
  /** The level of the step that is being made. */
  level: Level = "handshake";

  private latencyMs: number | null = null;
  private authorizer?: Authorizer;
  private sent = false;
  private staleNonces = 0;
  private credentialsRefused = false;
  /** The credentials were good for the resource before: a camera whose nonces serve once may ask again. */
  private credentialsProven = false;
  private certificateExpired = false;
  private connection?: Connection;
  private requestedAt = 0;
  private redirects = 0;
  private readonly beganAt: number;
  private readonly timer: unknown;
  private timedOut?: Failure;
  /** What is missing when the deadline comes: "no answer to DESCRIBE". */
  private awaited: { reason: Reason; what: string } = { reason: "timeout", what: "no answer" };

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
    // the steps that are shown are those of the first connection
    const timings = this.level === "handshake" ? this.timings : {};
    const connection = new Connection(url, this.request.tlsVerify, this.network, timings);
    connection.isForeign = !this.isOwnHost(url);
    this.connection = connection;
    const failure = await connection.open();
    if (failure) return failure;
    this.certificateExpired ||= connection.certificateExpired;
    return connection;
  }

  /** A request is on its way: the answer's time counts from here. */
  requested(what: string): void {
    this.requestedAt = this.network.clock.elapsed();
    this.await(what);
  }

  /** A further resource of the same stream is asked for, with redirects of its own and maybe a challenge of its own. */
  nextResource(): void {
    this.redirects = 0;
    this.credentialsProven = this.sent;
  }

  /** What it would mean if the deadline came now. */
  await(what: string, reason: Reason = "timeout"): void {
    this.awaited = { reason, what };
  }

  /** The first picture has come. @param since when it was asked for */
  pictureCame(since: number): void {
    this.timings.mediaMs = elapsedMs(since, this.network.clock.elapsed());
  }

  get clock(): Network["clock"] {
    return this.network.clock;
  }

  /** The protocol has answered. Only the first answer counts for the latency. */
  answered(): void {
    if (this.latencyMs !== null) return;
    const now = this.network.clock.elapsed();
    this.latencyMs = elapsedMs(this.beganAt, now);
    this.timings.answerMs = elapsedMs(this.requestedAt, now);
  }

  /**
   * A 401 came. @returns whether another try makes sense: not when there is nothing to send, when the camera wants
   * something that we do not know, or when it has refused our credentials.
   */
  mayAuthorize(head: Head, url: StreamUrl): boolean {
    const challenges = head.headers.get("www-authenticate") ?? [];
    if (this.authorizer && this.sent) {
      const renewed =
        this.credentialsProven || (isStale(challenges) && ++this.staleNonces <= MOST_STALE_NONCES);
      this.credentialsProven = false;
      if (!renewed) {
        this.credentialsRefused = true;
        return false;
      }
      return this.authorizer.accept(challenges);
    }
    const credentials = this.credentialsFor(url);
    if (!credentials || this.request.withholdCredentials) return false;
    this.authorizer = new Authorizer(credentials);
    return this.authorizer.accept(challenges);
  }

  /** The Authorization header of a request, once the camera has asked for one. */
  authorization(url: StreamUrl, method: string, uri: string): string | undefined {
    if (!this.authorizer || !this.credentialsFor(url)) return undefined;
    this.sent = true;
    return this.authorizer.header(method, uri);
  }

  /** The verdict on a 401 that no further request can change. */
  unauthorized(message: string): Verdict {
    const known =
      this.credentialsRefused || (this.request.withholdCredentials && hasCredentials(this.request.url));
    return { reason: known ? "auth_failed" : "auth_required", message };
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
      level: this.level,
      media: outcome instanceof Failure ? undefined : outcome.media,
      credentialsRefused: this.credentialsRefused,
      ...(this.unreadable && { unreadable: true }),
    };
  }

  /** Leaves nothing open. @param farewell the last request, whose answer is awaited for a moment */
  async end(farewell?: string): Promise<void> {
    this.network.clock.clearTimeout(this.timer);
    if (farewell === undefined) this.connection?.close();
    else await this.connection?.closeAfter(farewell);
  }

  /** Credentials go to the host of the URL alone, and never over a weaker scheme than the user wrote. */
  private credentialsFor(url: StreamUrl): Credentials | undefined {
    const own = this.request.url;
    if (own.username === undefined) return undefined;
    if (!this.isOwnHost(url) || (own.secure && !url.secure)) return undefined;
    return { username: own.username, password: own.password ?? "" };
  }

  private isOwnHost({ host }: StreamUrl): boolean {
    return host.toLowerCase() === this.request.url.host.toLowerCase();
  }

  private expire(): void {
    const { reason, what } = this.awaited;
    const missing = `${what} within ${this.request.timeoutMs / 1000} s`;
    // v2.2's word for a camera that says nothing at all
    const timeout = this.latencyMs === null ? "timeout" : `timeout: ${missing}`;
    this.timedOut = new Failure(reason, reason === "timeout" ? timeout : missing);
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
