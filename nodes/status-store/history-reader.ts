import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { Clock } from "../../common/clock";
import { answerBars } from "./answer-bars";
import { answerHistory, type Answering } from "./answer-history";
import { answerIncidents } from "./answer-incidents";
import { answerTransitions } from "./answer-transitions";
import { UptimeAnswers } from "./answer-uptime";
import { backUp, backUpMemory } from "./backup";
import { exportChecks } from "./export-checks";
import { Refusal, type HistoryQuestion, type LongQuestion } from "./history";
import { HistoryData } from "./history-data";
import { renderMetrics } from "./metrics";
import type { FromReader, OpenSums, ToReader } from "./reader-messages";

export interface HistoryReaderOptions {
  /** A connection that cannot write. @throws what SQLite says */
  open: () => Database;
  /** Undefined for a database in memory. */
  file: string | undefined;
  /**
   * True where the connection is the writer's own: then a question is answered in one go, because no transaction may
   * stay open between two slices.
   */
  shared: boolean;
  clock: Clock;
  limitMs: number;
  send: (message: FromReader) => void;
}

interface Reading {
  pieces: Iterator<Uint8Array, void> | AsyncIterator<Uint8Array, void>;
  db: Database;
  signal: { cancelled: boolean };
}

type Ask = Extract<ToReader, { kind: "ask" }>;

const MOST_WAITING = 100;
const MOST_READINGS = 4;
const BUSY = "Too many such questions at once: try again in a moment.";

/**
 * Answers questions one after another, each from one state of the database and in slices, so that one that takes too
 * long is given up. Long answers have connections of their own.
 */
export class HistoryReader {
  private data?: HistoryData;
  private readonly uptime = new UptimeAnswers();
  private readonly waiting: Ask[] = [];
  private readonly readings = new Map<number, Reading>();
  private running = false;

  constructor(private readonly options: HistoryReaderOptions) {}

  /** True while rows must stay where they are: a long answer reads on a shared connection. */
  get holdsRows(): boolean {
    return this.options.shared && this.readings.size > 0;
  }

  receive(message: Exclude<ToReader, { kind: "stop" }>): void {
    switch (message.kind) {
      case "ask":
        if (this.waiting.length >= MOST_WAITING)
          return this.refuse(message.id, new Refusal(503, "busy", BUSY));
        this.waiting.push(message);
        if (!this.running) void this.work();
        return;
      case "read":
        return this.begin(message.id, message.question);
      case "next":
        return void this.next(message.id);
      case "cancel": {
        const index = this.waiting.findIndex(({ id }) => id === message.id);
        if (index >= 0) this.waiting.splice(index, 1);
        return this.end(message.id);
      }
      case "reopen":
        return this.closeData();
    }
  }

  stop(): void {
    for (const id of [...this.readings.keys()]) this.end(id);
    this.closeData();
  }

  private async work(): Promise<void> {
    this.running = true;
    for (let ask = this.waiting.shift(); ask; ask = this.waiting.shift()) {
      this.options.send({ kind: "begun", id: ask.id });
      try {
        await this.answer(ask);
      } catch (error) {
        this.refuse(ask.id, error);
        // an error of the file may be gone with a new connection
        if (!(error instanceof Refusal)) this.closeData();
      }
      // whatever else came meanwhile has its turn too: long answers, and the writer where it shares the thread
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.running = false;
  }

  private async answer({ id, question, open }: Ask): Promise<void> {
    const { clock, limitMs, shared } = this.options;
    const data = (this.data ??= new HistoryData(this.options.open()));
    const deadline = clock.elapsed() + limitMs;
    if (!shared) data.db.exec("BEGIN");
    try {
      if (open && open.flushes !== data.flushes) return this.options.send({ kind: "stale", id });
      const slices = this.answering(data, question, open);
      let rendered: string | undefined;
      for (;;) {
        const { done, value } = slices.next(rendered);
        if (done) return this.sendAnswer(id, value);
        rendered = value instanceof Promise ? await value : undefined;
        if (clock.elapsed() > deadline) {
          throw new Refusal(
            503,
            "too_slow",
            `The answer took longer than ${limitMs / 1000} s and was given up: ask for less at once.`,
          );
        }
        if (!shared) await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      if (!shared && data.db.open && data.db.inTransaction) data.db.exec("COMMIT");
    }
  }

  private answering(data: HistoryData, question: HistoryQuestion, open: OpenSums | null): Answering {
    switch (question.kind) {
      case "history":
        return answerHistory(data, question, open);
      case "incidents":
        return answerIncidents(data, question);
      case "uptime":
        return this.uptime.answer(data, question, open);
      case "metrics":
        return renderMetrics(question.snapshot, this.uptime, data, open);
      case "bars":
        return answerBars(data, question, open);
      case "transitions":
        return answerTransitions(data, question);
    }
  }

  private sendAnswer(id: number, value: object): void {
    const bytes =
      value instanceof Uint8Array ? value : new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    const etag = `"${createHash("sha1").update(bytes).digest("base64url")}"`;
    this.options.send({ kind: "answer", id, bytes, etag });
  }

  private begin(id: number, question: LongQuestion): void {
    if (this.readings.size >= MOST_READINGS) return this.refuse(id, new Refusal(503, "busy", BUSY));
    const { shared, file, open } = this.options;
    this.options.send({ kind: "begun", id });
    try {
      const db = open();
      // writers go on; the answer shows one moment
      if (!shared) db.exec("BEGIN; SELECT 1 FROM progress");
      const signal = { cancelled: false };
      const pieces = question.kind === "export" ? exportChecks(db, question) : copyOf(db, file, signal);
      this.readings.set(id, { pieces, db, signal });
      void this.makePiece(id);
    } catch (error) {
      this.refuse(id, error);
    }
  }

  private async next(id: number): Promise<void> {
    this.options.send({ kind: "begun", id });
    await this.makePiece(id);
  }

  private async makePiece(id: number): Promise<void> {
    const reading = this.readings.get(id);
    if (!reading) return;
    try {
      const piece: IteratorResult<Uint8Array, unknown> = await reading.pieces.next();
      if (piece.done) this.end(id);
      this.options.send({ kind: "piece", id, bytes: piece.done ? null : piece.value });
    } catch (error) {
      // nobody waits for what was cancelled
      if (!reading.signal.cancelled) this.refuse(id, error);
      this.end(id);
    }
  }

  private end(id: number): void {
    const reading = this.readings.get(id);
    if (!reading) return;
    this.readings.delete(id);
    reading.signal.cancelled = true;
    const close = () => {
      if (!this.options.shared) reading.db.close();
    };
    // a generator that waits for a copy ends when the copy does
    void Promise.resolve(reading.pieces.return?.(undefined)).then(close, close);
  }

  private closeData(): void {
    if (!this.options.shared) this.data?.db.close();
    this.data = undefined;
    this.uptime.forget();
  }

  private refuse(id: number, error: unknown): void {
    const refusal =
      error instanceof Refusal
        ? error
        : new Refusal(503, "history_unavailable", `The history cannot be read now: ${reasonOf(error)}.`);
    const { statusCode, code, message } = refusal;
    this.options.send({ kind: "refused", id, statusCode, code, message });
  }
}

function copyOf(db: Database, file: string | undefined, signal: { cancelled: boolean }): Reading["pieces"] {
  return file === undefined ? backUpMemory(db) : backUp(db, file, signal);
}

function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "ENOSPC" || code === "SQLITE_FULL") return "the disk is full";
  if (typeof code === "string") return code;
  return error instanceof Error ? error.message : String(error);
}
