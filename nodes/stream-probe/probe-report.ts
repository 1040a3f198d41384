import type { EngineStatistics } from "./engine";

const MINUTE = 60;

/** What the editor's status and /healthz say about the probe. */
export interface ProbeReport {
  running: boolean;
  problems: string[];
  details: Record<string, unknown>;
  text: string;
  /** The worst state that any stream has. */
  worst: "none" | "up" | "degraded" | "down";
}

/** How the probe itself has fared. */
export interface RunFacts {
  /** Since when it probes, epoch milliseconds; null while it does not. */
  runningSince: number | null;
  /** Of the thread: by a person, and because it had died. */
  restarts: number;
  /** Why the thread died last; null when it never did. */
  lastError: string | null;
}

const STOPPED =
  "the monitor was stopped by hand: no stream is being probed until it is started (services.monitor in config.yaml)";

/** Turns the numbers that come every second into words; it remembers a minute of them to tell what is going wrong now. */
export class ProbeReporter {
  private readonly lastMinute: { skipped: number; notMade: number }[] = [];

  /** @param statistics undefined while the thread is dead */
  report(statistics: EngineStatistics | undefined, run: RunFacts): ProbeReport {
    if (!statistics) {
      this.lastMinute.length = 0;
      const problem = "the probe worker has died and is being started again";
      return {
        running: false,
        problems: [problem],
        details: { ...run },
        text: "restarting",
        worst: "down",
      };
    }
    const { states } = statistics;
    const worst = states.down ? "down" : states.degraded ? "degraded" : states.up ? "up" : "none";
    const details = { ...statistics, ...run };
    // what a person has stopped is no fault
    if (statistics.stopped)
      return { running: true, problems: [STOPPED], details, text: "stopped", worst: "none" };
    return { running: true, problems: this.problems(statistics), details, text: words(statistics), worst };
  }

  private problems(statistics: EngineStatistics): string[] {
    const { skipped, notMade, notMadeBecause, mediaLate, picturesMissing } = statistics;
    this.lastMinute.push({ skipped, notMade });
    if (this.lastMinute.length > MINUTE) this.lastMinute.shift();
    const before = this.lastMinute[0] ?? { skipped, notMade };
    const problems: string[] = [];
    if (skipped > before.skipped) {
      problems.push(
        `${skipped - before.skipped} checks were left out in the last minute because the ones before were not done: ` +
          "raise heartbeat_seconds, probe.max_concurrent or probe.max_handshakes_per_host",
      );
    }
    if (mediaLate > 0) {
      problems.push(
        `the picture of ${mediaLate} streams is looked at less often than probe.media_seconds says, because their hosts ` +
          "take no more viewers: raise probe.media_seconds or probe.max_per_host",
      );
    }
    if (notMade > before.notMade) {
      problems.push(
        `${notMade - before.notMade} probes could not be made in the last minute: ${notMadeBecause}`,
      );
    }
    if (picturesMissing) problems.push(`the last picture could not be judged: ${picturesMissing}`);
    return problems;
  }
}

/** "12 up · 1 degraded · 2 down" */
function words({ streams, states }: EngineStatistics): string {
  if (streams === 0) return "no streams";
  const shown = (["up", "degraded", "down", "pending", "paused"] as const).filter(
    (state) => states[state] > 0,
  );
  return shown.map((state) => `${states[state]} ${state}`).join(" · ");
}
