import type { HealthReport } from "../../contracts";
import type { Notice, StoreStats } from "./store-messages";

/** A database that was given up is a problem until somebody had time to see it. */
const LOSS_SHOWN_MS = 24 * 3_600_000;
const NO_LIST =
  "Checks arrive, but no message says which streams there are: wire streams to status-store too.";

/** How the store is, over the lives of its threads. */
export class StoreHealth {
  private stats?: StoreStats;
  private threadDeath: string | null = null;
  private hanging: string | null = null;
  /** Checks that were stored by threads that died. */
  private storedBefore = 0;
  /** Checks that came while no thread ran, and those that died with one. */
  lost = 0;
  /** Checks of streams that no list of streams names. */
  unnamed = 0;

  beginThread(): void {
    this.threadDeath = null;
  }

  /** The thread says nothing; until it does. @param sentence for a person */
  noteHanging(sentence: string): void {
    this.hanging = sentence;
  }

  loseThread(reason: string, retryMs: number): void {
    this.hanging = null;
    this.threadDeath = `The store's thread died and is started again in ${retryMs} ms: ${reason.split("\n")[0]}`;
    this.lost += (this.stats?.queued ?? 0) + (this.stats?.dropped ?? 0);
    this.storedBefore += this.stats?.checksStored ?? 0;
    this.stats = undefined;
  }

  take(stats: StoreStats): void {
    this.hanging = null;
    this.stats = stats;
  }

  /**
   * @param now epoch milliseconds
   * @param hasStreams true once it is known which streams there are
   */
  report(now: number, hasStreams: boolean): Omit<HealthReport, "source"> {
    const { stats } = this;
    const notices = stats?.notices ?? [];
    const failure = this.threadDeath ?? this.hanging ?? stats?.failure ?? null;
    const problems = failure === null ? [] : [failure];
    const dropped = (stats?.dropped ?? 0) + this.lost;
    if (dropped > 0) problems.push(`${dropped} checks could not be stored and are missing in the history.`);
    if (this.unnamed > 0 && !hasStreams) problems.push(NO_LIST);
    if (stats?.maintenance?.obstacle) problems.push(stats.maintenance.obstacle);
    const isProblem = ({ isLoss, at }: Notice) => isLoss && now - at < LOSS_SHOWN_MS;
    problems.push(...notices.filter(isProblem).map(({ text }) => text));
    return {
      part: "store",
      running: failure === null,
      problems,
      details: {
        checksStored: this.storedBefore + (stats?.checksStored ?? 0),
        queued: stats?.queued ?? 0,
        dropped,
        unnamed: this.unnamed,
        lastCommitAgoMs: stats?.lastCommitAt == null ? null : now - stats.lastCommitAt,
        databaseBytes: stats?.databaseBytes ?? 0,
        schemaVersion: stats?.schemaVersion ?? 0,
        movedFiles: notices.map(({ text }) => text),
        maintenance: stats?.maintenance ?? null,
      },
    };
  }
}
