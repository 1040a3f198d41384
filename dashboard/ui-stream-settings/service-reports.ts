import type { HealthReport, HealthWithdrawal } from "../../contracts/health";
import type { Service } from "../../contracts/settings";
import type { ServicesAnswer } from "./settings-protocol";

/** Which part of StreamPulse does the work of which service. */
const PARTS = { monitor: "probe", mqtt: "mqtt" } as const satisfies Record<Service, HealthReport["part"]>;

/** What the services and config.yaml's node say of themselves with HEALTH_EVENT. */
export class ServiceReports {
  private readonly reports = new Map<string, HealthReport>();

  /** @param onConfig what is said of config.yaml has changed */
  constructor(private readonly onConfig: () => void) {}

  readonly take = (report: HealthReport | HealthWithdrawal): void => {
    if (typeof report?.source !== "string") return;
    if ("withdrawn" in report) {
      this.reports.delete(report.source);
      return;
    }
    const before = this.reports.get(report.source);
    this.reports.set(report.source, report);
    if (report.part === "config" && JSON.stringify(before) !== JSON.stringify(report)) this.onConfig();
  };

  services(): ServicesAnswer {
    const answer: ServicesAnswer = {};
    for (const [service, part] of Object.entries(PARTS) as [Service, HealthReport["part"]][]) {
      const report = [...this.reports.values()].findLast((candidate) => candidate.part === part);
      if (!report) continue;
      const { running, problems, details } = report;
      answer[service] = { running, problems: problems.slice(0, 20), details };
    }
    return answer;
  }
}
