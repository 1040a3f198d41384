import type { State } from "../../../../contracts/reasons";
import { WORST_FIRST } from "../data/board-row";
import type { Bucket, History } from "./answers";
import { latencySteps, type TimeRange } from "./time-range";

/** Pixels: room for the marks of the latency axis, the plot, the band of the states, and all with the time axis. */
export const CHART = { LEFT: 52, HEIGHT: 190, BAND: 10, TOTAL_HEIGHT: 234 } as const;
const LEAST_PLOT_WIDTH = 100;

export interface Size {
  width: number;
  height: number;
}

/** Turns times and latencies into places on the chart. */
export class Scale {
  constructor(
    readonly range: TimeRange,
    private readonly highest: number,
    private readonly size: Size,
  ) {}

  x(at: number): number {
    const { from, to } = this.range;
    return ((at - from) / (to - from)) * this.size.width;
  }

  y(latencyMs: number): number {
    return this.size.height - (latencyMs / this.highest) * this.size.height;
  }

  at(x: number): number {
    const { from, to } = this.range;
    return from + (Math.min(Math.max(x, 0), this.size.width) / this.size.width) * (to - from);
  }
}

export interface Band {
  state: State;
  x: number;
  width: number;
}

/** The worst state that a bucket saw; null where nothing was seen. */
export function worstOf({ ms }: Bucket): State | null {
  return WORST_FIRST.find((state) => (ms[state] ?? 0) > 0) ?? null;
}

/** Neighbours of one state together. */
export function bandsOf(buckets: readonly Bucket[], bucketMs: number, scale: Scale): Band[] {
  const bands: Band[] = [];
  let before: { band: Band; end: number } | undefined;
  for (const bucket of buckets) {
    const state = worstOf(bucket);
    if (state === null) continue;
    const [left, right] = [scale.x(bucket.at), scale.x(bucket.at + bucketMs)];
    if (before?.band.state === state && bucket.at <= before.end) before.band.width = right - before.band.x;
    else {
      before = { band: { state, x: left, width: right - left }, end: 0 };
      bands.push(before.band);
    }
    before.end = bucket.at + bucketMs;
  }
  return bands;
}

/** The line of the means, and the area between the lowest and the highest; both break where nothing was measured. */
export function latencyPaths(
  buckets: readonly Bucket[],
  bucketMs: number,
  scale: Scale,
): { line: string; area: string } {
  const runs: Bucket[][] = [];
  let end = -Infinity;
  for (const bucket of buckets) {
    if (!bucket.latencyMs) continue;
    // one bucket without a check is no break: heartbeat and bucket need not fit
    if (bucket.at > end + bucketMs) runs.push([]);
    runs.at(-1)?.push(bucket);
    end = bucket.at + bucketMs;
  }
  const place = (bucket: Bucket, of: "min" | "average" | "max") => {
    const x = scale.x(bucket.at + bucketMs / 2).toFixed(1);
    return `${x} ${scale.y(bucket.latencyMs?.[of] ?? 0).toFixed(1)}`;
  };
  return {
    line: runs
      .map((run) =>
        run.length === 1
          ? `M${place(run[0] as Bucket, "average")}h.1`
          : `M${run.map((b) => place(b, "average")).join("L")}`,
      )
      .join(""),
    area: runs
      .map((run) => {
        const back = [...run].reverse();
        return `M${run.map((b) => place(b, "max")).join("L")}L${back.map((b) => place(b, "min")).join("L")}Z`;
      })
      .join(""),
  };
}

/** A history as it is drawn. */
export interface Chart {
  /** Of the whole chart, and of its plot, in pixels. */
  width: number;
  plotWidth: number;
  scale: Scale;
  /** Of the latency axis, in milliseconds. */
  steps: number[];
  paths: { line: string; area: string };
  bands: Band[];
}

/** @param width of the whole chart, in pixels */
export function chartOf({ range, bucketMs, buckets }: History, width: number): Chart {
  const plotWidth = Math.max(LEAST_PLOT_WIDTH, width - CHART.LEFT);
  const steps = latencySteps(Math.max(0, ...buckets.map(({ latencyMs }) => latencyMs?.max ?? 0)));
  const scale = new Scale(range, steps.at(-1) ?? 1, { width: plotWidth, height: CHART.HEIGHT });
  const paths = latencyPaths(buckets, bucketMs, scale);
  return { width, plotWidth, scale, steps, paths, bands: bandsOf(buckets, bucketMs, scale) };
}
