import type { Clock } from "../../../common/clock";
import { elapsedMs } from "../../../common/camera/connection";
import { lastWords } from "../../../common/ffmpeg/last-words";
import type { StreamTool, ToolOutcome } from "../../../common/ffmpeg/stream-tool";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "../probers/prober";
import { REPORT_ARGUMENTS, readReport } from "./ffprobe-report";

const MOST_REPORT_BYTES = 64 * 1024;

/** The deep level: what ffprobe can read of a stream. What it cannot read is a hint, and its reason says only that. */
export class DeepCheck {
  constructor(
    private readonly clock: Clock,
    private readonly ffprobe: StreamTool,
  ) {}

  async probe(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade> {
    const beganAt = this.clock.elapsed();
    const { timeoutMs } = request;
    const task = { before: REPORT_ARGUMENTS, after: [], timeoutMs, mostBytes: MOST_REPORT_BYTES };
    const outcome = await this.ffprobe.run(request, task);
    if ("notMade" in outcome) return outcome;
    const found = whatItSaid(outcome, request);
    const base = { latencyMs: null, level: "deep", credentialsRefused: false } as const;
    if (typeof found !== "string") {
      const message = `ffprobe reads ${found.codec ?? "video"} ${found.width}x${found.height}`;
      const timings = { mediaMs: elapsedMs(beganAt, this.clock.elapsed()) };
      return { ...base, reason: "ok", message, timings, media: found };
    }
    // wrong credentials are not to be tried again for a while, whoever found them wrong
    const sent = request.url.username !== undefined && !request.withholdCredentials;
    const credentialsRefused = sent && /\b401\b/.test(found);
    const message = `ffprobe ${found}`;
    return { ...base, reason: "deep_check_failed", message, timings: {}, credentialsRefused };
  }
}

function whatItSaid(outcome: ToolOutcome, { url, timeoutMs }: ProbeRequest): ReturnType<typeof readReport> {
  if (outcome.end === "too_much") return "says more than can be read";
  if (outcome.end === "too_late") return `reads no picture within ${timeoutMs / 1000} s`;
  const { code, signal, stdout, stderr } = outcome;
  if (code === 0) return readReport(stdout.toString("utf8"));
  if (signal) return `was ended by ${signal}`;
  const words = lastWords(stderr, url);
  return words ? `cannot read it: ${words}` : `ended with code ${code}`;
}
