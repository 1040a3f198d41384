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
import {
  WINDOWS,
  type History,
  type HistoryAnswer,
  type HistoryListener,
  type HistoryQuestion,
  type LongQuestion,
  type TransitionsQuestion,
  type Window,
} from "./history";
import { KeptAnswers } from "./kept-answers";
import { LiveFeed } from "./live-feed";
import { LiveStatus } from "./live-status";
import { MetricsCounters } from "./metrics-snapshot";
import type { Asked } from "./query-parameters";
import { StoreHealth } from "./store-health";
import { StreamLists } from "./stream-lists";
import { OperationQueue } from "./operation-queue";
import type { FlatChecks, FromStoreWorker, MediaOperation, StoreOperation } from "./store-messages";
import { MemoryHistory, SqliteHistory } from "./threaded-history";

export interface StoreOptions {
  /** Absolute path of streams.db. */
  file: string;
  /** Keeps history in memory only, and opens no file. */
  memory?: boolean;
  clock: Clock;
  logger: Logger;
  /** Absolute path of the thread's file, for tests. */
  workerFile?: string;
}

/** Transitions that are held until they are written. */
const MOST_UNWRITTEN = 10_000;
const MOST_DEATHS = 5;
/** A thread that has not opened the database by then hangs: what is known is answered without it. */
const OPENING_PATIENCE_MS = 10_000;
/** Consumers whose marks are held in memory too. */
const MOST_CONSUMERS = 100;

/**
 * The live status, and what hands everything on to the thread that owns the database. On the main loop a batch of
 * checks costs one walk over it and one message.
 */
export class Store {
  readonly live: LiveStatus;
  /** Of the live status, for those who live longer. */
  readonly feed: LiveFeed;
  readonly metrics = new MetricsCounters();
  private readonly history: History;
  private readonly answers: KeptAnswers;
  private zone: Pick<StreamsMessage["settings"], "timezone" | "strict_status"> = {
    timezone: "UTC",
    strict_status: false,
  };
  private streams: StreamsMessage["payload"] = [];
  private streamsOperation?: StoreOperation;
  /** What has to be told again when the thread dies before it has written it. */
  private readonly unwritten = new OperationQueue(MOST_UNWRITTEN);
  private lastNumber = 0;
  /** Of the thread, since something was written. */
  private deaths = 0;
  private readonly state = new StoreHealth();
  private readonly lists = new StreamLists();
  /** The database was read, or nobody waits for it any longer. */
  private hasRead = false;
  private openingTimer: unknown;
  private lastSeq = 0;
  /** Up to which transition each consumer has them all, as far as it was said since the start. */
  private readonly delivered = new Map<string, number>();
  private readonly readListeners = new Set<() => void>();

  constructor(private readonly options: StoreOptions) {
    const { file, memory, clock, logger, workerFile } = options;
    this.answers = new KeptAnswers(clock);
    this.live = new LiveStatus(() => this.feed.wake());
    this.feed = new LiveFeed(this.live, clock);
    const listener: HistoryListener = {
      onMessage: (message) => this.receive(message),
      onBegin: () => this.beginThread(),
      onDeath: (reason, retryMs) => this.loseThread(reason, retryMs),
    };
    const more = { clock, logger, workerFile, listener };
    this.history = memory ? new MemoryHistory(more) : new SqliteHistory(file, more);
  }

  start(): void {
    const giveUp = () => {
      const { memory, file } = this.options;
      this.state.noteHanging(
        `The ${memory ? "history in memory" : `database ${file}`} has not been opened for ${OPENING_PATIENCE_MS / 1000} s: the disk or the machine may be slow. The live status goes on.`,
      );
      this.settleRead();
    };
    this.openingTimer = this.options.clock.setTimeout(giveUp, OPENING_PATIENCE_MS);
    this.history.start();
  }

  /** Commits everything and ends the thread. */
  stop(): Promise<void> {
    this.options.clock.clearTimeout(this.openingTimer);
    this.feed.stop();
    this.answers.stop();
    return this.history.stop();
  }

  /** @param source who says it: of several the lists have to be the same */
  setStreams({ payload, settings, renames: told }: Omit<StreamsMessage, "topic">, source = ""): void {
    const renames = this.live.hasStreams ? findRenames(this.streams, payload, told) : (told ?? []);
    this.live.setStreams(payload, settings, renames);
    this.streams = payload;
    this.zone = settings;
    const names = new Set(payload.map(({ name }) => name));
    this.metrics.keepOnly(names);
    this.lists.set(source, names, this.options.clock.elapsed());
    const streams = payload.map(({ name, url, group }) => ({ name, url, group }));
    const at = this.options.clock.now();
    const operation: StoreOperation = {
      kind: "streams",
      streams,
      renames,
      strict: settings.strict_status,
      retention: settings.retention,
      at,
    };
    this.streamsOperation = { ...operation, renames: [] };
    this.writeSurely(operation);
  }

  /** This source gives lists of streams no longer. */
  dropSource(source: string): void {
    this.lists.drop(source, this.options.clock.elapsed());
  }

  recordChecks(checks: readonly Check[]): void {
    const flat: FlatChecks = [];
    const changed: MediaOperation["media"] = [];
    for (const check of checks) {
      if (check.media && this.live.isNewPicture(check))
        changed.push({ stream: check.stream, media: check.media });
      // the thread may still know a name that was given up a moment ago
      flat.push(check.stream, check.at, check.state, check.reason, check.message, check.latencyMs);
      if (this.live.recordCheck(check)) this.metrics.recordCheck(check);
      else this.state.unnamed++;
    }
    if (!this.history.write({ kind: "checks", flat })) this.state.lost += checks.length;
    if (changed.length > 0) this.history.write({ kind: "media", media: changed });
  }

  recordTransition(transition: Transition): void {
    const { stream, to, reason, at, level, seq } = transition;
    this.lastSeq = Math.max(seq, this.lastSeq);
    this.metrics.recordTransition(to);
    this.live.recordState({ stream, state: to, reason, since: at, level });
    this.writeSurely({ kind: "transition", transition });
  }

  recordStates(states: StreamState[]): void {
    for (const state of states) this.live.recordState(state);
    this.history.write({ kind: "states", states });
  }

  /**
   * Calls back once the database was read, or cannot be (its thread dies, or hangs for ten seconds): at once when that
   * is over.
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

  /** What a question has to be told: the time, and in which zone people read it. */
  asked(): Asked {
    return { now: this.options.clock.now(), timezone: this.zone.timezone };
  }

  /**
   * Asks the history; the same question within a second gets the same answer.
   * @param key says which question it is, without the time
   * @throws Refusal
   */
  ask(key: string, question: () => HistoryQuestion): Promise<HistoryAnswer> {
    return this.answers.of(key, () => this.history.ask(question()));
  }

  /** @throws Refusal */
  read(question: LongQuestion): AsyncGenerator<Uint8Array, void, void> {
    return this.history.read(question);
  }

  askMetrics(): Promise<HistoryAnswer> {
    return this.ask("metrics", () => {
      const now = this.options.clock.now();
      const snapshot = this.metrics.snapshot(this.live.all(), this.zone.strict_status, now);
      return { kind: "metrics", snapshot };
    });
  }

  /**
   * Never from memory: what a consumer has said counts at once. One that asks for the first time ever begins behind
   * the newest transition.
   * @throws Refusal
   */
  async askTransitions(question: TransitionsQuestion): Promise<HistoryAnswer> {
    const { consumer } = question;
    const told = { ...question, received: this.lastSeq };
    if (consumer === null) return this.history.ask(told);
    const said = this.delivered.get(consumer) ?? null;
    const answer = await this.history.ask({ ...told, said });
    const { delivered } = JSON.parse(Buffer.from(answer.bytes).toString()) as { delivered: number };
    if (said === null) this.recordDelivered(consumer, delivered);
    return answer;
  }

  /** Deletes streams with their history; of one that is watched only what was until now. */
  forget(names: string[]): void {
    this.writeSurely({ kind: "forget", names, at: this.options.clock.now() });
  }

  recordDelivered(consumer: string, seq: number): void {
    const before = this.delivered.get(consumer) ?? 0;
    this.delivered.delete(consumer);
    if (this.delivered.size >= MOST_CONSUMERS) {
      this.delivered.delete(this.delivered.keys().next().value as string);
    }
    this.delivered.set(consumer, Math.max(seq, before));
    this.history.write({ kind: "delivered", consumer, seq });
  }

  health(): Omit<HealthReport, "source"> {
    const { clock } = this.options;
    const report = this.state.report(clock.now(), this.live.hasStreams);
    const problem = this.lists.problem(clock.elapsed());
    return problem === undefined ? report : { ...report, problems: [...report.problems, problem] };
  }

  private receive(message: FromStoreWorker): void {
    if (message.kind === "stats") {
      if (message.written > 0) this.deaths = 0;
      this.unwritten.settle(message.written);
      return this.state.take(message);
    }
    if (message.kind === "ids") return this.live.setIds(message.ids);
    if (message.kind !== "seeds") return;
    this.live.addSeeds(message.seeds);
    this.lastSeq = Math.max(message.lastSeq, this.lastSeq);
    if (!message.opened) return;
    // a file that was begun anew, or came late, does not know what was confirmed meanwhile
    if (this.hasRead) {
      this.history.write({ kind: "states", states: this.live.confirmedStates() });
      this.history.write({ kind: "media", media: this.live.allMedia() });
      for (const [consumer, seq] of this.delivered) this.history.write({ kind: "delivered", consumer, seq });
    }
    this.settleRead();
    this.warmUp();
  }

  private settleRead(): void {
    this.options.clock.clearTimeout(this.openingTimer);
    this.hasRead = true;
    const listeners = [...this.readListeners];
    this.readListeners.clear();
    for (const listener of listeners) listener();
  }

  /** The first look at rollups that nobody has read since the start takes many times as long as the next ones. */
  private warmUp(): void {
    const windows = Object.keys(WINDOWS) as Window[];
    const everything = { windows, by: [], stream: null, ...this.asked() };
    this.history.ask({ kind: "uptime", ...everything }).catch(() => {});
  }

  private loseThread(reason: string, retryMs: number): void {
    this.state.loseThread(reason, retryMs);
    // the next one may die too, and what is known now needs none
    this.settleRead();
    // it may be one of them that it dies of
    if (++this.deaths >= MOST_DEATHS) this.unwritten.settle(this.lastNumber);
  }

  private beginThread(): void {
    this.state.beginThread();
    const unwritten = this.unwritten.all();
    const hasList = unwritten.some(({ kind }) => kind === "streams");
    if (this.streamsOperation && !hasList) this.history.write(this.streamsOperation);
    for (const operation of unwritten) this.history.write(operation);
  }

  /** Also where the thread is dead, or dies of what came before. */
  private writeSurely(operation: StoreOperation): void {
    const numbered = { ...operation, number: ++this.lastNumber };
    this.unwritten.push(numbered);
    this.history.write(numbered);
  }
}
