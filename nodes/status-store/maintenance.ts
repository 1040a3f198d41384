import type { Database } from "better-sqlite3";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { clearForgottenNames, forget, isAnythingForgotten } from "./forget";
import type { MemoryBudget } from "./memory-budget";
import { lastSignOfLife, Progress } from "./progress";
import type { Recorder } from "./recorder";
import { regroup } from "./regroup";
import { retain } from "./retention";
import { HOUR_MS } from "./rollup";
import type { Slices } from "./slices";
import type { MaintenanceStats, Retention } from "./store-messages";
import type { V22Import } from "./v22-import";

export interface MaintenanceOptions {
  db: Database;
  recorder: () => Recorder | undefined;
  retention: () => Retention;
  clock: Clock;
  logger: Logger;
  /** Of the v2.2 databases beside the file. */
  imports: V22Import;
  /** True once it is known which streams are watched. */
  hasStreams: () => boolean;
  /** Bounds a history in memory. */
  budget?: MemoryBudget;
  /** One sentence about an error of the work. */
  describe: (error: unknown) => string;
  /** True while nothing may be moved: an export reads on the same connection. */
  isHeld?: () => boolean;
  /**
   * The work cannot go on. What was written stands; whatever the recorder has copied is to be made anew.
   * @returns true when the work may be tried again on this connection
   */
  onFailure: (error: unknown) => boolean;
}

const LOOK_EVERY_MS = 10_000;
const RETRY_MS = 60_000;
/** An import that knows the watched streams gives their history to them; without a list it begins after this time. */
const STREAMS_WAIT_MS = 60_000;
const STREAMS_LOOK_MS = 200;
const RETAIN_EVERY_MS = 6 * HOUR_MS;
const ALIVE_EVERY_MS = 60_000;
/** A wall clock that moved on by so much more than time itself jumped, or the machine slept. */
const JUMP_MS = 10_000;
/** A clock that moved on by more than this may be wrong: by what it says nothing is deleted until it went on steadily. */
const DOUBTFUL_JUMP_MS = HOUR_MS;
const STEADY_MS = HOUR_MS;
/** After each slice the thread rests as long as it took, at least this: what waits is committed meanwhile. */
const LEAST_REST_MS = 2;

interface Job {
  name: "import" | "regroup" | "forget" | "retention";
  slices: Slices;
  done(): void;
}

/** Import, hourly regrouping, forgetting and retention: one job after another, one slice at a time. */
export class Maintenance {
  private timer: unknown;
  private job?: Job;
  private readonly progress: Progress;
  private wall: number;
  private steady: number;
  private longestSliceMs = 0;
  private lastRetention?: Retention;
  /** Why the work waits, in a sentence. */
  private obstacle: string | null = null;
  private readonly startedAt: number;
  /** Since when the clock has to prove itself, as `elapsed`; undefined when it has. */
  private doubtedAt?: number;

  constructor(private readonly options: MaintenanceOptions) {
    this.progress = new Progress(options.db);
    this.wall = options.clock.now();
    this.steady = this.startedAt = options.clock.elapsed();
    const aheadMs = this.wall - lastSignOfLife(options.db);
    if (aheadMs > DOUBTFUL_JUMP_MS || this.progress.get("clock_doubted") !== 0) this.doubtClock();
  }

  start(): void {
    this.schedule(LEAST_REST_MS);
  }

  stop(): void {
    this.options.clock.clearTimeout(this.timer);
    this.timer = undefined;
    this.options.imports.close();
  }

  stats(): MaintenanceStats {
    const at = (key: "rolled_hour" | "retained_at") => this.progress.get(key) || null;
    const hour = at("rolled_hour");
    return {
      job: this.job?.name ?? null,
      obstacle: this.obstacle,
      regroupedAt: hour === null ? null : hour * HOUR_MS,
      retainedAt: at("retained_at"),
      longestSliceMs: Math.round(this.longestSliceMs),
      freeBytes: this.pragma("freelist_count") * this.pragma("page_size"),
      retention: this.options.retention(),
      imports: this.options.imports.stats(),
    };
  }

  private schedule(delayMs: number): void {
    this.timer = this.options.clock.setTimeout(() => {
      try {
        this.schedule(this.step());
      } catch (error) {
        this.dropJob();
        if (this.options.onFailure(error)) this.waitFor(error);
      }
    }, delayMs);
  }

  /** Of what a failed commit took back the job may hold copies; it begins again from what is stored. */
  dropJob(): void {
    this.job?.slices.return();
    this.job = undefined;
  }

  private waitFor(error: unknown): void {
    const obstacle = this.options.describe(error);
    if (obstacle !== this.obstacle) this.options.logger.error(obstacle);
    this.obstacle = obstacle;
    this.schedule(RETRY_MS);
  }

  /** @returns when to come back */
  private step(): number {
    const { clock } = this.options;
    this.followClock();
    if (this.options.isHeld?.()) return LOOK_EVERY_MS;
    this.job ??= this.nextJob();
    if (!this.job) return this.options.imports.isPending ? STREAMS_LOOK_MS : LOOK_EVERY_MS;
    const begun = clock.elapsed();
    if (this.job.slices.next().done) {
      this.job.done();
      this.job = undefined;
      this.obstacle = null;
    }
    const tookMs = clock.elapsed() - begun;
    this.longestSliceMs = Math.max(this.longestSliceMs, tookMs);
    return Math.max(LEAST_REST_MS, tookMs);
  }

  private nextJob(): Job | undefined {
    const { clock, db, imports, retention, budget } = this.options;
    const recorder = this.options.recorder();
    if (!recorder) return undefined;
    const now = clock.now();
    const mayImport = this.options.hasStreams() || clock.elapsed() - this.startedAt > STREAMS_WAIT_MS;
    const clearNames = () => void (imports.isDone && clearForgottenNames(db));
    if (imports.isPending && mayImport)
      return { name: "import", slices: imports.run(recorder), done: clearNames };
    const hour = Math.floor(now / HOUR_MS);
    // in a new database nothing is to be done yet, and a history that was just imported stays whole for a while
    if (this.progress.get("rolled_hour") === 0) this.progress.set("rolled_hour", hour);
    if (this.progress.get("retained_at") === 0) this.progress.set("retained_at", now);
    // before regrouping: what came since is told from what has to go by its row, also after the clock was set back
    if (isAnythingForgotten(db)) return { name: "forget", slices: forget(db), done: clearNames };
    // a clock that was set back must not stop the work until it comes round again
    if (this.progress.get("rolled_hour") !== hour) {
      const done = () => this.progress.set("rolled_hour", hour);
      return { name: "regroup", slices: regroup(db, recorder.rollups, () => clock.now()), done };
    }
    const retained = () => this.progress.set("retained_at", now);
    if (budget?.isExceeded(this.usedBytes(), clock.elapsed())) {
      return { name: "retention", slices: this.shrink(recorder, now), done: retained };
    }
    // a history in memory has to stay within its bound all the same
    if (this.isClockDoubted()) return undefined;
    const hasChanged = this.hasRetentionChanged();
    if (hasChanged || Math.abs(now - this.progress.get("retained_at")) >= RETAIN_EVERY_MS) {
      return { name: "retention", slices: retain(db, retention(), now), done: retained };
    }
    return undefined;
  }

  /** Whether somebody has changed the settings since the last look. A bound of the memory changes them all the time. */
  private hasRetentionChanged(): boolean {
    if (this.options.budget || !this.options.hasStreams()) return false;
    const before = this.lastRetention;
    const { checks_days, rollup_days } = (this.lastRetention = this.options.retention());
    return before !== undefined && (before.checks_days !== checks_days || before.rollup_days !== rollup_days);
  }

  /** What was not regrouped yet cannot go: it is put in its place first. */
  private *shrink(recorder: Recorder, now: number): Slices {
    const { db, clock, retention } = this.options;
    yield* regroup(db, recorder.rollups, () => clock.now());
    yield* retain(db, retention(), now);
  }

  /** Also over a restart: the signs of life that come then are of the same clock. */
  private doubtClock(): void {
    this.doubtedAt = this.options.clock.elapsed();
    this.progress.set("clock_doubted", 1);
  }

  private isClockDoubted(): boolean {
    if (this.doubtedAt === undefined) return false;
    if (this.options.clock.elapsed() - this.doubtedAt < STEADY_MS) return true;
    this.doubtedAt = undefined;
    this.progress.set("clock_doubted", 0);
    return false;
  }

  private usedBytes(): number {
    return (this.pragma("page_count") - this.pragma("freelist_count")) * this.pragma("page_size");
  }

  private pragma(name: string): number {
    return Number(this.options.db.pragma(name, { simple: true }));
  }

  /**
   * Time in which the machine slept was watched by nobody; a sign of life says until when somebody did. What is
   * written must not come before this: a state would last over a jump of the clock.
   */
  followClock(): void {
    const { clock, db } = this.options;
    const [wall, steady] = [clock.now(), clock.elapsed()];
    const jumpMs = wall - this.wall - (steady - this.steady);
    if (jumpMs > JUMP_MS) {
      const from = this.wall + (steady - this.steady);
      db.transaction(() => this.options.recorder()?.bridge(Math.round(from), wall)).immediate();
      if (jumpMs > DOUBTFUL_JUMP_MS) this.doubtClock();
    }
    [this.wall, this.steady] = [wall, steady];
    if (Math.abs(wall - this.progress.get("alive_at")) >= ALIVE_EVERY_MS) this.progress.set("alive_at", wall);
  }
}
