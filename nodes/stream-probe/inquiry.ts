import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { StreamUrl } from "../../common/stream-url";
import type { Level } from "../../contracts/check";
import { stateOf } from "../../contracts/reasons";
import { CredentialLock } from "../../common/camera/credential-lock";
import type { Network } from "../../common/camera/network";
import type { MediaTools } from "./ffmpeg";
import type { MediaSessions } from "./media-sessions";
import type { MonitoredStream } from "./monitored-stream";
import type { ProbeNotMade, Prober, ProbeRequest, ProbeResult } from "./probers/prober";
import { isUnclear, together } from "./second-opinion";

export interface InquiryOptions {
  clock: Clock;
  logger: Logger;
  network: Network;
  probers: Record<StreamUrl["protocol"], Prober>;
  tools: MediaTools;
  /** A picture was looked at: here it is for people, as a JPEG. */
  onPicture(monitored: MonitoredStream, jpeg: Buffer): void;
}

/** Asks everybody who can tell something about a stream: its prober, ffprobe for a second opinion, ffmpeg for a picture. */
export class Inquiry {
  readonly credentialLock: CredentialLock;
  /** Why pictures are not judged although that is wanted; empty when they are. */
  picturesMissing = "";

  /** @param mediaSessions the places for viewers; the caller holds one for the levels media and deep */
  constructor(
    private readonly options: InquiryOptions,
    private readonly mediaSessions: MediaSessions,
  ) {
    this.credentialLock = new CredentialLock(options.clock);
  }

  async ask(monitored: MonitoredStream, level: Level): Promise<ProbeResult | ProbeNotMade> {
    try {
      return await (level === "deep" ? this.askFfprobe(monitored) : this.look(monitored, level));
    } catch (error) {
      // a prober throws only for bugs; one stream's bug must not stop the others
      const failed = `${monitored.url.protocol} prober failed on ${monitored.url.origin}`;
      this.options.logger.error(`${failed}: ${String((error as Error).stack ?? error)}`);
      return { notMade: `the ${failed}` };
    }
  }

  private async look(
    monitored: MonitoredStream,
    level: "handshake" | "media",
  ): Promise<ProbeResult | ProbeNotMade> {
    const { probers, network } = this.options;
    const prober = probers[monitored.url.protocol];
    const result = this.noted(monitored, await prober.probe(this.request(monitored, level), network));
    if ("notMade" in result) return result;
    if (isUnclear(result)) return this.withSecondOpinion(monitored, result, level);
    return level === "media" && result.reason === "ok" ? this.withPicture(monitored, result) : result;
  }

  private async askFfprobe(monitored: MonitoredStream): Promise<ProbeResult | ProbeNotMade> {
    return this.noted(monitored, await this.options.tools.deepCheck(this.request(monitored, "deep")));
  }

  /** Before a stream that answers and is not understood is called down, and while it is. */
  private async withSecondOpinion(
    monitored: MonitoredStream,
    own: ProbeResult,
    level: Level,
  ): Promise<ProbeResult> {
    const { opinion, health, confirmFailures, host } = monitored;
    if (!opinion) return own;
    const wanted = opinion.wasGood || health.wouldBeDown(stateOf(own.reason), confirmFailures);
    if (!wanted) return own;
    const known = opinion.known(own.reason, this.options.clock.elapsed());
    if (known) return together(own, known);
    if (!this.options.tools.hasRoom) return own;
    const needsPlace = level === "handshake";
    if (needsPlace && !this.mediaSessions.take(host)) return own;
    try {
      const deep = await this.askFfprobe(monitored);
      if ("notMade" in deep) return own;
      opinion.take(own.reason, deep, this.options.clock.elapsed());
      return together(own, deep);
    } finally {
      if (needsPlace) this.mediaSessions.release(host);
    }
  }

  /** A picture flows: now and then it is looked at. What was bad stays so until another picture is better. */
  private async withPicture(monitored: MonitoredStream, result: ProbeResult): Promise<ProbeResult> {
    const { picture, health } = monitored;
    const { clock, tools } = this.options;
    if (!picture) return result;
    if (picture.isDue(clock.elapsed(), health.suspect)) {
      const taken = tools.hasRoom
        ? await tools.grabPicture(this.request(monitored, "media"))
        : { notMade: "too many pictures are examined at once: raise picture_minutes" };
      if ("grey" in taken) {
        picture.judge(taken.grey, clock.elapsed());
        if (taken.jpeg) this.options.onPicture(monitored, taken.jpeg);
        this.picturesMissing = "";
      } else {
        picture.missed(clock.elapsed());
        this.picturesMissing = `${monitored.url.origin}: ${taken.notMade}`;
      }
    }
    return picture.bad ? { ...result, ...picture.bad } : result;
  }

  private request(monitored: MonitoredStream, level: Level): ProbeRequest {
    const { stream, url, timeoutMs, memory } = monitored;
    return {
      url,
      level,
      timeoutMs: timeoutMs[level],
      transport: stream.transport ?? "tcp",
      tlsVerify: stream.tls_verify ?? false,
      withholdCredentials: this.credentialLock.mustWithhold(monitored.account),
      memory,
    };
  }

  private noted<Result extends ProbeResult | ProbeNotMade>(
    { account }: MonitoredStream,
    result: Result,
  ): Result {
    if ("notMade" in result) return result;
    if (result.credentialsRefused) this.credentialLock.refused(account);
    else if (result.reason === "ok") this.credentialLock.accepted(account);
    return result;
  }
}
