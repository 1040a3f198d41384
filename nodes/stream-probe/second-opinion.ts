import type { Reason } from "../../contracts/reasons";
import type { ProbeResult } from "./probers/prober";

/** A stream that ffprobe could not read either is shown to it again after so long. */
const REST_MS = 5 * 60_000;

/** Verdicts that say that the stream is there and was not understood: another program may know it. */
const UNCLEAR: ReadonlySet<Reason> = new Set<Reason>(["not_a_stream", "protocol_error"]);

export function isUnclear({ reason, unreadable }: ProbeResult): boolean {
  return UNCLEAR.has(reason) || (reason === "no_media" && unreadable === true);
}

/** What ffprobe said about a stream that we do not understand. It is asked again when that was long ago. */
export class SecondOpinion {
  private last?: { at: number; about: Reason; result: ProbeResult };

  /** @param goodForMs how long a picture that ffprobe has read counts */
  constructor(private readonly goodForMs: number) {}

  /** ffprobe has read this stream before: our own verdict is not even worth a suspicion. */
  get wasGood(): boolean {
    return this.last?.result.reason === "ok";
  }

  /** What it said about this very verdict, if that still counts. @param now on the clock that never jumps */
  known(about: Reason, now: number): ProbeResult | undefined {
    if (this.last?.about !== about) return undefined;
    const forMs = this.last.result.reason === "ok" ? this.goodForMs : REST_MS;
    return now - this.last.at < forMs ? this.last.result : undefined;
  }

  take(about: Reason, result: ProbeResult, now: number): void {
    this.last = { at: now, about, result };
  }
}

/** As long as a check's message may be. */
const MOST_CHARACTERS = 500;

/** One verdict of two. What ffprobe reads is up; what it cannot read stays as we have found it. */
export function together(own: ProbeResult, deep: ProbeResult): ProbeResult {
  const isRead = deep.reason === "ok";
  const words = isRead ? `${deep.message}, although ${own.message}` : `${own.message}; ${deep.message}`;
  const message = words.slice(0, MOST_CHARACTERS);
  if (!isRead) return { ...own, message };
  const { latencyMs, timings } = own;
  return { ...deep, message, latencyMs, timings: { ...timings, ...deep.timings } };
}
