import type { Timings } from "../../contracts/check";
import type { Reason } from "../../contracts/reasons";
import { parseStreamUrl, StreamUrlError, type StreamUrl } from "../stream-url";
import type { StreamAccess } from "./access";
import { Authorizer, isStale, type Credentials } from "./authorization";
import { Connection, elapsedMs } from "./connection";
import { Failure, type LocalFailure } from "./failure";
import type { Network } from "./network";
import { header, type Head } from "./wire-reader";

const MOST_REDIRECTS = 3;
/** A camera may find our nonce too old; one that always does would keep us asking. */
const MOST_STALE_NONCES = 2;

export interface VisitRequest extends Pick<StreamAccess, "url" | "tlsVerify" | "withholdCredentials"> {
  /** Limit of the whole visit, redirects and second tries with credentials included. */
  timeoutMs: number;
}

/**
 * One visit to a camera: the total deadline, the connection that is open, the timings, and what may be sent to whom when
 * a camera redirects or asks for credentials.
 */
export class Visit {
  readonly timings: Timings = {};
  /** The camera refused the credentials of the URL, which were really sent. */
  credentialsRefused = false;

  /** To the first answer; null while none has come. */
  protected latencyMs: number | null = null;
  protected certificateExpired = false;
  private authorizer?: Authorizer;
  private sent = false;
  private staleNonces = 0;
  /** The credentials were good for the resource before: a camera whose nonces serve once may ask again. */
  private credentialsProven = false;
  private connection?: Connection;
  private requestedAt = 0;
  private redirects = 0;
  private readonly beganAt: number;
  private readonly timer: unknown;
  private cancelled?: Failure;
  /** What is missing when the deadline comes: "no answer to DESCRIBE". */
  private awaited: { reason: Reason; what: string } = { reason: "timeout", what: "no answer" };

  constructor(
    protected readonly request: VisitRequest,
    protected readonly network: Network,
  ) {
    this.beganAt = network.clock.elapsed();
    this.timer = network.clock.setTimeout(() => this.expire(), request.timeoutMs);
  }

  get clock(): Network["clock"] {
    return this.network.clock;
  }

  /** Opens a connection and closes the one before. */
  async connect(url: StreamUrl): Promise<Connection | Failure | LocalFailure> {
    if (this.cancelled) return this.cancelled;
    this.connection?.close();
    const connection = new Connection(url, this.request.tlsVerify, this.network, this.timingsToFill());
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

  /** What had to come in time has come: from now on the visit may last. */
  arrived(): void {
    this.network.clock.clearTimeout(this.timer);
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
  unauthorized(message: string): Failure {
    const { withholdCredentials, url } = this.request;
    const known = this.credentialsRefused || (withholdCredentials && url.username !== undefined);
    return new Failure(known ? "auth_failed" : "auth_required", message);
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

  /** Ends it before its time: what waits for the camera gets this failure. */
  cancel(failure: Failure): void {
    this.cancelled ??= failure;
    this.connection?.fail(this.cancelled);
  }

  /** Leaves nothing open. @param farewell the last request, whose answer is awaited for a moment */
  async end(farewell?: string): Promise<void> {
    this.network.clock.clearTimeout(this.timer);
    if (farewell === undefined) this.connection?.close();
    else await this.connection?.closeAfter(farewell);
  }

  /** Where the steps of a new connection are noted. */
  protected timingsToFill(): Timings {
    return this.timings;
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
    this.cancel(new Failure(reason, reason === "timeout" ? timeout : missing));
  }
}

/** A Location may be relative (RFC 9110 §10.2.2). */
function absolute(location: string, base: StreamUrl): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return location;
  if (location.startsWith("//")) return `${base.scheme}:${location}`;
  if (location.startsWith("/")) return base.origin + location;
  const path = base.path.replace(/\?.*$/s, "");
  return base.origin + path.slice(0, path.lastIndexOf("/") + 1) + location;
}
