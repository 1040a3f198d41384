import type { Clock } from "../../common/clock";

/** A change of config.yaml that nobody answers is given up. */
const UNANSWERED_MS = 30_000;
/** Between the answer and the store that tells of the change. */
const UNTOLD_MS = 2000;

interface Switch {
  enabled: boolean;
  /** Changes of config.yaml without an answer. */
  unanswered: number;
  /** Of the monotonic clock. */
  until: number;
}

/**
 * What commands have switched and the store does not show yet: each command is compared with the one before it, so
 * that the last one counts.
 */
export class Switches {
  /** By name; the oldest first. */
  private readonly underWay = new Map<string, Switch>();

  constructor(private readonly clock: Clock) {}

  /** What it will be when everything that is under way is done. */
  enabledOf({ name, enabled }: { name: string; enabled: boolean }): boolean {
    this.giveUpOld();
    return this.underWay.get(name)?.enabled ?? enabled;
  }

  begin(name: string, enabled: boolean): void {
    const unanswered = (this.underWay.get(name)?.unanswered ?? 0) + 1;
    this.underWay.delete(name);
    this.underWay.set(name, { enabled, unanswered, until: this.clock.elapsed() + UNANSWERED_MS });
  }

  /** One change of config.yaml was made, or refused. */
  answered(name: string, isRefused: boolean): void {
    const found = this.underWay.get(name);
    if (!found || --found.unanswered > 0) return;
    if (isRefused) this.underWay.delete(name);
    else found.until = this.clock.elapsed() + UNTOLD_MS;
  }

  /** How streams are by now. */
  shown(streams: readonly { name: string; enabled: boolean }[]): void {
    if (this.underWay.size === 0) return;
    for (const { name, enabled } of streams) {
      const found = this.underWay.get(name);
      if (found?.unanswered === 0 && found.enabled === enabled) this.underWay.delete(name);
    }
  }

  private giveUpOld(): void {
    const now = this.clock.elapsed();
    for (const [name, { until }] of this.underWay) if (until <= now) this.underWay.delete(name);
  }
}
