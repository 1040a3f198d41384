import type { Clock } from "../../../common/clock";
import { elapsedMs } from "../probers/connection";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "../probers/prober";
import type { Children, ChildOutcome } from "./child-process";
import { REPORT_ARGUMENTS, readReport } from "./ffprobe-report";
import { inputArguments } from "./input-arguments";
import { lastWords } from "./last-words";
import type { Programs } from "./programs";
import { UrlHandover } from "./url-handover";

const MOST_REPORT_BYTES = 64 * 1024;

/** The deep level: what ffprobe can read of a stream. What it cannot read is a hint, and its reason says only that. */
export class DeepCheck {
  constructor(
    private readonly clock: Clock,
    private readonly children: Children,
    private readonly programs: Programs,
  ) {}

  async probe(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade> {
    const beganAt = this.clock.elapsed();
    if (request.tlsVerify && request.url.secure) return { notMade: CANNOT_VERIFY };
    const program = await this.programs.find("ffprobe");
    if ("missing" in program) return { notMade: program.missing };
    const handover = new UrlHandover(request.url, !request.withholdCredentials);
    try {
      const address = await handover.open();
      const outcome = await this.children.run({
        file: program.file,
        args: [...REPORT_ARGUMENTS, ...inputArguments(request, program.major, address)],
        env: this.programs.childEnv,
        timeoutMs: request.timeoutMs,
        mostBytes: MOST_REPORT_BYTES,
      });
      return this.verdict(request, outcome, elapsedMs(beganAt, this.clock.elapsed()));
    } catch (error) {
      return { notMade: `no address on loopback can be opened: ${(error as Error).message}` };
    } finally {
      handover.close();
    }
  }

  private verdict(request: ProbeRequest, outcome: ChildOutcome, tookMs: number): ProbeResult | ProbeNotMade {
    if (outcome.end === "not_started") return { notMade: `ffprobe could not be run: ${outcome.because}` };
    if (outcome.end === "stopped") return { notMade: "the monitor was stopped" };
    const found = outcome.end === "exited" ? whatItSaid(outcome, request) : notInTime(outcome.end, request);
    const base = { latencyMs: null, level: "deep", credentialsRefused: false } as const;
    if (typeof found === "string") {
      // wrong credentials are not to be tried again for a while, whoever found them wrong
      const credentialsRefused =
        request.url.username !== undefined && !request.withholdCredentials && /\b401\b/.test(found);
      const message = `ffprobe ${found}`;
      return { ...base, reason: "deep_check_failed", message, timings: {}, credentialsRefused };
    }
    const message = `ffprobe reads ${found.codec ?? "video"} ${found.width}x${found.height}`;
    return { ...base, reason: "ok", message, timings: { mediaMs: tookMs }, media: found };
  }
}

export const CANNOT_VERIFY =
  "ffprobe and ffmpeg are not used where tls_verify is set: they verify no certificate";

function whatItSaid(
  { code, signal, stdout, stderr }: Extract<ChildOutcome, { end: "exited" }>,
  request: ProbeRequest,
): ReturnType<typeof readReport> {
  if (code === 0) return readReport(stdout.toString("utf8"));
  const words = lastWords(stderr, request.url);
  if (signal) return `was ended by ${signal}`;
  return words ? `cannot read it: ${words}` : `ended with code ${code}`;
}

function notInTime(end: "too_late" | "too_much", { timeoutMs }: ProbeRequest): string {
  return end === "too_much" ? "says more than can be read" : `reads no picture within ${timeoutMs / 1000} s`;
}
