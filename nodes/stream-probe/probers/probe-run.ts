import { elapsedMs } from "../../../common/camera/connection";
import { Failure, LocalFailure } from "../../../common/camera/failure";
import { Visit } from "../../../common/camera/visit";
import type { Level, Media, Timings } from "../../../contracts/check";
import type { Reason } from "../../../contracts/reasons";
import type { ProbeNotMade, ProbeResult } from "./prober";

/** A verdict before it becomes a result. */
export interface Verdict {
  reason: Reason;
  message: string;
  media?: Media;
}

/** One probe from its start to its result. */
export class ProbeRun extends Visit {
  /** Something came where the picture should, and nobody could make anything of it. */
  unreadable = false;
  /** The level of the step that is being made. */
  level: Level = "handshake";

  /** The first picture has come. @param since when it was asked for */
  pictureCame(since: number): void {
    this.timings.mediaMs = elapsedMs(since, this.clock.elapsed());
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

  /** The steps that are shown are those of the first connection. */
  protected override timingsToFill(): Timings {
    return this.level === "handshake" ? this.timings : {};
  }
}
