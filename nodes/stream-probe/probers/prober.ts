import type { NotMade, StreamAccess } from "../../../common/camera/access";
import type { Level, Media, Timings } from "../../../contracts/check";
import type { Reason } from "../../../contracts/reasons";
import type { Network } from "../../../common/camera/network";

/** What the probes of one stream remember from one to the next. Its owner keeps it as long as the stream's URL stays. */
export interface ProbeMemory {
  /** Where an HLS playlist stood when it was last seen to move on, on the clock that never jumps back. */
  playlist?: { position: string; changedAtMs: number };
}

/** What one probe is asked. */
export interface ProbeRequest extends StreamAccess {
  /** How far to look. */
  level: Level;
  /** Limit of the whole probe, redirects and second tries with credentials included. */
  timeoutMs: number;
  /** Without it, a playlist that stands still cannot be told from one that moves. */
  memory?: ProbeMemory;
}

/** What one probe found. */
export interface ProbeResult {
  reason: Reason;
  /** v2.2's words and the evidence, never credentials. */
  message: string;
  /** To the first answer of the protocol; null when none came. */
  latencyMs: number | null;
  timings: Timings;
  /** The level whose step decided: a media check that finds no host has a verdict of level handshake. */
  level: Level;
  media?: Media;
  /** The camera refused the credentials of the URL, which were really sent. */
  credentialsRefused: boolean;
  /** With `no_media`: something came where the picture should be, and it could not be read. */
  unreadable?: boolean;
}

/** A probe that could not be made. No check comes of it. */
export type ProbeNotMade = NotMade;

/**
 * One protocol. A camera that is down is a result; a prober throws only for bugs. It ends within `timeoutMs` and leaves
 * nothing open, whatever the camera sends.
 */
export interface Prober {
  probe(request: ProbeRequest, network: Network): Promise<ProbeResult | ProbeNotMade>;
}
