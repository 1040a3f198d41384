import path from "node:path";
import type {
  Check,
  ConfirmedMessage,
  HealthReport,
  StreamsMessage,
  StreamState,
  Transition,
} from "../../contracts";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { findRenames } from "../../common/renames";
import { SupervisedWorker } from "../../common/supervised-worker";
import { LiveStatus } from "./live-status";
import type {
  FlatChecks,
  FromStoreWorker,
  StoreOperation,
  StoreStats,
  ToStoreWorker,
} from "./store-messages";

export interface StoreOptions {
  /** Absolute path of streams.db. */
  file: string;
  clock: Clock;
  logger: Logger;
  /** Absolute path of the thread's file, for tests. */
  workerFile?: string;
}

/**
 * The live status, and what hands everything on to the thread that owns the database. On the main loop a batch of
 * checks costs one walk over it and one message.
 */
export class Store {
  readonly live = new LiveStatus();
  private readonly worker: SupervisedWorker<ToStoreWorker, FromStoreWorker>;
  private streams: StreamsMessage["payload"] = [];
  private streamsOperation?: StoreOperation;
  private stats?: StoreStats;
  private workerDeath: string | null = null;
  /** Checks that were stored by threads that died. */
  private storedBefore = 0;
  /** Checks that came while no thread ran, and those that died with one. */
  private lost = 0;
  /** Checks of streams that no streams message names. */
  private unnamed = 0;
  private hasRead = false;
  private lastSeq = 0;
  private readonly readListeners = new Set<() => void>();

  constructor(private readonly options: StoreOptions) {
    this.worker = new SupervisedWorker({
      name: "store worker",
      file: options.workerFile ?? path.join(__dirname, "store-worker.js"),
      workerData: { file: options.file },
      logger: options.logger,
      clock: options.clock,
      onMessage: (message) => this.receive(message),
      onStart: () => this.beginThread(),
      onDeath: (reason, retryMs) => this.loseThread(reason, retryMs),
    });
  }

  start(): void {
    this.worker.start();
  }

  /** Commits everything and ends the thread. */
  stop(): Promise<void> {
    return this.worker.stop();
  }

  setStreams({ payload, settings, renames: told }: Omit<StreamsMessage, "topic">): void {
    const renames = this.live.hasStreams ? findRenames(this.streams, payload, told) : (told ?? []);
    this.live.setStreams(payload, settings, renames);
    this.streams = payload;
    const streams = payload.map(({ name, url }) => ({ name, url }));
    const at = this.options.clock.now();
    const operation: StoreOperation = {
      kind: "streams",
      streams,
      renames,
      strict: settings.strict_status,
      at,
    };
    this.streamsOperation = { ...operation, renames: [] };
    this.worker.post(operation);
  }

  recordChecks(checks: readonly Check[]): void {
    const flat: FlatChecks = [];
    for (const check of checks) {
      // the thread may still know a name that was given up a moment ago
      flat.push(check.stream, check.at, check.state, check.reason, check.message, check.latencyMs);
      if (!this.live.recordCheck(check)) this.unnamed++;
    }
    if (!this.worker.post({ kind: "checks", flat })) this.lost += checks.length;
  }

  recordTransition(transition: Transition): void {
    const { stream, to, reason, at, level, seq } = transition;
    this.lastSeq = Math.max(seq, this.lastSeq);
    this.live.recordState({ stream, state: to, reason, since: at, level });
    this.worker.post({ kind: "transition", transition });
  }

  recordStates(states: StreamState[]): void {
    for (const state of states) this.live.recordState(state);
    this.worker.post({ kind: "states", states });
  }

  /**
   * Calls back once the database was read, or could not be: at once when that is over.
   * @returns ends the wait
   */
  whenRead(listener: () => void): () => void {
    if (this.hasRead) listener();
    else this.readListeners.add(listener);
    return () => this.readListeners.delete(listener);
  }

  confirmed(): ConfirmedMessage {
    return { topic: "confirmed", payload: this.live.confirmedStates(), lastSeq: this.lastSeq };
  }

  health(): Omit<HealthReport, "source"> {
    const { stats } = this;
    const failure = this.workerDeath ?? stats?.failure ?? null;
    const problems = failure === null ? [] : [failure];
    const dropped = (stats?.dropped ?? 0) + this.lost;
    if (dropped > 0) problems.push(`${dropped} checks could not be stored and are missing in the history.`);
    if (this.unnamed > 0 && !this.live.hasStreams) {
      problems.push(
        "Checks arrive, but no message says which streams there are: wire streams to status-store too.",
      );
    }
    return {
      part: "store",
      running: failure === null,
      problems: [...problems, ...(stats?.notices ?? [])],
      details: {
        checksStored: this.storedBefore + (stats?.checksStored ?? 0),
        queued: stats?.queued ?? 0,
        dropped,
        unnamed: this.unnamed,
        lastCommitAgoMs: stats?.lastCommitAt == null ? null : this.options.clock.now() - stats.lastCommitAt,
        databaseBytes: stats?.databaseBytes ?? 0,
        schemaVersion: stats?.schemaVersion ?? 0,
      },
    };
  }

  private receive(message: FromStoreWorker): void {
    if (message.kind === "stats") {
      this.stats = message;
      return;
    }
    this.live.addSeeds(message.seeds);
    this.lastSeq = Math.max(message.lastSeq, this.lastSeq);
    if (!message.opened) return;
    // a file that was begun anew, or was away for a while, does not know what was confirmed meanwhile
    if (this.hasRead) this.worker.post({ kind: "states", states: this.live.confirmedStates() });
    this.hasRead = true;
    for (const listener of this.readListeners) listener();
    this.readListeners.clear();
  }

  private beginThread(): void {
    this.workerDeath = null;
    if (this.streamsOperation) this.worker.post(this.streamsOperation);
  }

  private loseThread(reason: string, retryMs: number): void {
    this.workerDeath = `The store's thread died and is started again in ${retryMs} ms: ${reason.split("\n")[0]}`;
    this.lost += (this.stats?.queued ?? 0) + (this.stats?.dropped ?? 0);
    this.storedBefore += this.stats?.checksStored ?? 0;
    this.stats = undefined;
  }
}
