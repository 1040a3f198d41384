import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { systemClock } from "../common/clock";
import { parseStreamUrl } from "../common/stream-url";
import { rtspProber } from "../nodes/stream-probe/probers/rtsp";
import { Resolver } from "../common/camera/resolver";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/** What one look at a picture costs: by our own prober, and by ffprobe on the same stream. */

export interface MediaCheckFigures {
  /** CPU of one media check, in microseconds. */
  ownMicros: number;
  /** CPU of one run of ffprobe; undefined where it is not installed. */
  ffprobeMicros?: number;
}

const WARM_UP_CHECKS = 20;
const CHECKS = 60;
const FFPROBE_RUNS = 5;
const TICKS_PER_SECOND = 100;

async function ownMicros(url: string): Promise<number> {
  const network = { clock: systemClock, resolver: new Resolver(systemClock), connections: new Set<never>() };
  const request = {
    url: parseStreamUrl(url),
    level: "media",
    timeoutMs: 10_000,
    transport: "tcp",
    tlsVerify: false,
    withholdCredentials: false,
  } as const;
  let before = 0;
  for (let i = -WARM_UP_CHECKS; i < CHECKS; i++) {
    if (i === 0) before = cpuSeconds();
    const result = await rtspProber.probe(request, network);
    if (!("reason" in result) || result.reason !== "ok") throw new Error("the camera shows no picture");
  }
  return ((cpuSeconds() - before) / CHECKS) * 1e6;
}

/** With the quickest options that still read a picture's facts. */
function ffprobeMicros(url: string): number | undefined {
  const before = childrenSeconds();
  for (let i = 0; i < FFPROBE_RUNS; i++) {
    const quick = ["-analyzeduration", "1000000", "-fpsprobesize", "0"];
    const args = ["-v", "error", "-rtsp_transport", "tcp", ...quick, "-show_streams", "-i", url];
    if (spawnSync("ffprobe", args, { timeout: 30_000, stdio: "ignore" }).status !== 0) return undefined;
  }
  return ((childrenSeconds() - before) / FFPROBE_RUNS) * 1e6;
}

/** proc(5): fields 16 and 17 are the time of children that have ended. */
function childrenSeconds(): number {
  const text = readFileSync("/proc/self/stat", "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

answerCalls({
  run: async (url: string): Promise<MediaCheckFigures> => ({
    ownMicros: await ownMicros(url),
    ffprobeMicros: process.platform === "linux" ? ffprobeMicros(url) : undefined,
  }),
});
