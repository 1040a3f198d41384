import type { Clock } from "../../common/clock";
import type { HealthPart, HealthReport, HealthWithdrawal } from "../../contracts/health";
import type { LoopDelayFigures } from "./loop-delay";

/** So long after the start a part may be missing or not run yet: the flows are still starting. */
const GRACE_MS = 15_000;
const MOST_REASONS = 100;
const MOST_CHARACTERS = 500;
/** Without these nothing is watched. */
const NEEDED: { part: HealthPart; missing: string }[] = [
  { part: "probe", missing: "No stream is being probed: no stream-probe node runs in the flows." },
  { part: "store", missing: "Nothing is being stored: no status-store node runs in the flows." },
];

export interface Health {
  /**
   * `starting`: the flows are not all there yet; `ok`; `degraded`: it works, but somebody should look at the reasons;
   * `failing`: probing or storing has stopped, and only then the answer is 503.
   */
  status: "starting" | "ok" | "degraded" | "failing";
  reasons: string[];
  parts: Partial<Record<HealthPart, PartHealth>>;
  version: string;
  uptimeSeconds: number;
  process: LoopDelayFigures & { rssBytes: number; cpuSeconds: number };
}

interface PartHealth {
  running: boolean;
  problems: string[];
  /** Of the one node, or by the nodes' ids where there are several. */
  details: Record<string, unknown>;
}

/** Collects what the parts report of themselves, for `GET /healthz`. */
export class HealthCollector {
  private readonly reports = new Map<string, HealthReport>();
  private readonly listeners = new Map<string, string>();
  private readonly startedAt: number;

  constructor(
    private readonly version: string,
    private readonly clock: Pick<Clock, "elapsed">,
    private readonly loopDelay: { figures(): LoopDelayFigures },
  ) {
    this.startedAt = clock.elapsed();
  }

  /** Takes what comes with HEALTH_EVENT; anybody in this process may send one, so that it is looked at first. */
  readonly take = (report: HealthReport | HealthWithdrawal): void => {
    if (typeof report?.source !== "string") return;
    if ("withdrawn" in report) this.reports.delete(report.source);
    else if (typeof report.part === "string" && Array.isArray(report.problems)) {
      this.reports.set(report.source, report);
    }
  };

  /** What is the matter with a listener; nothing when all is well. */
  setListenerProblem(name: string, problem: string | undefined): void {
    if (problem === undefined) this.listeners.delete(name);
    else this.listeners.set(name, problem);
  }

  health(): Health {
    const uptimeMs = this.clock.elapsed() - this.startedAt;
    const parts = this.parts();
    const stopped = NEEDED.filter(({ part }) => !parts[part]?.running);
    const isStarting = uptimeMs < GRACE_MS && stopped.length > 0;
    const problems = [
      ...this.listeners.values(),
      ...Object.values(parts).flatMap(({ problems }) => problems),
    ];
    const reasons = [...(isStarting ? [] : stopped.map(({ missing }) => missing)), ...problems];
    const { user, system } = process.cpuUsage();
    return {
      status: statusOf(isStarting, stopped.length > 0, reasons.length > 0),
      reasons: reasons.slice(0, MOST_REASONS),
      parts,
      version: this.version,
      uptimeSeconds: Math.floor(uptimeMs / 1000),
      process: {
        rssBytes: process.memoryUsage.rss(),
        cpuSeconds: Math.round((user + system) / 1e4) / 100,
        ...this.loopDelay.figures(),
      },
    };
  }

  private parts(): Health["parts"] {
    const parts: Health["parts"] = {};
    const all = [...this.reports.values()];
    for (const part of new Set(all.map((report) => report.part))) {
      const reports = all.filter((report) => report.part === part);
      const running = reports.filter((report) => report.running).length;
      const problems = reports.flatMap((report) => report.problems).slice(0, MOST_REASONS);
      if (running > 0 && running < reports.length) {
        const stopped = reports.length - running;
        const verb = stopped === 1 ? "has" : "have";
        problems.unshift(`${stopped} of ${reports.length} ${part} nodes ${verb} stopped.`);
      }
      parts[part] = {
        running: running > 0,
        problems: problems.map((problem) => String(problem).slice(0, MOST_CHARACTERS)),
        details:
          reports.length === 1
            ? (reports[0]?.details ?? {})
            : Object.fromEntries(reports.map(({ source, details }) => [source, details])),
      };
    }
    return parts;
  }
}

function statusOf(isStarting: boolean, hasStopped: boolean, hasReasons: boolean): Health["status"] {
  if (isStarting) return "starting";
  if (hasStopped) return "failing";
  return hasReasons ? "degraded" : "ok";
}
