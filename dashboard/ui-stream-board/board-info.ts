import type { HealthReport, HealthWithdrawal } from "../../contracts/health";
import { isStopped, SERVICES, settingsSchema, type Settings } from "../../contracts/settings";
import type { InfoPush } from "./board-protocol";

const MOST_PROBLEMS = 50;
const MOST_CHARACTERS = 500;

/** What a page has to know beside the streams: settings, what was stopped by hand, and what somebody should mend. */
export class BoardInfo {
  private settings: Settings = settingsSchema.parse({});
  private readonly reports = new Map<string, HealthReport>();
  /** Of config.yaml, as they were when the board began: that part reports only what changes. */
  private configProblems: string[] = [];

  /** @param onChange what is shown is another now */
  constructor(private readonly onChange: () => void) {}

  takeSettings(given: unknown): void {
    const parsed = settingsSchema.safeParse(given ?? {});
    if (!parsed.success) return;
    this.change(() => (this.settings = parsed.data));
  }

  takeConfigProblems(problems: unknown): void {
    if (Array.isArray(problems)) this.change(() => (this.configProblems = problems.map(String)));
  }

  /** Anybody in this process may send one. */
  readonly takeHealth = (report: HealthReport | HealthWithdrawal): void => {
    if (typeof report?.source !== "string") return;
    this.change(() => {
      if ("withdrawn" in report) this.reports.delete(report.source);
      else if (Array.isArray(report.problems)) {
        this.reports.set(report.source, report);
        if (report.part === "config") this.configProblems = [];
      }
    });
  };

  shown(): Pick<InfoPush, "timezone" | "heartbeatSeconds" | "pictures" | "stopped" | "problems"> {
    const { timezone, heartbeat_seconds, probe } = this.settings;
    // what was stopped by hand has a notice of its own
    const reported = [...this.reports.values()]
      .filter(({ details }) => details?.stopped !== true)
      .flatMap(({ problems }) => problems);
    const problems = [...new Set([...this.configProblems, ...reported])];
    return {
      timezone,
      heartbeatSeconds: heartbeat_seconds,
      pictures: probe.picture_minutes > 0,
      stopped: SERVICES.filter((service) => isStopped(this.settings, service)),
      problems: problems.slice(0, MOST_PROBLEMS).map((text) => String(text).slice(0, MOST_CHARACTERS)),
    };
  }

  /** Health is reported every few seconds, mostly the same. */
  private change(apply: () => void): void {
    const before = JSON.stringify(this.shown());
    apply();
    if (JSON.stringify(this.shown()) !== before) this.onChange();
  }
}
