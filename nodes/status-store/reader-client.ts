import type { Clock } from "../../common/clock";
import { Refusal, type HistoryAnswer, type HistoryQuestion, type LongQuestion } from "./history";
import type { FromReader, OpenSums, ToReader } from "./reader-messages";

interface Waiting<Result> {
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
  timer: unknown;
}

export interface ReaderClientOptions {
  clock: Clock;
  /** After so long the thread hangs, however long a question may take. */
  patienceMs: number;
  /** @returns false when no thread runs */
  post: (message: ToReader) => boolean;
  /** The thread hangs. */
  kill: () => void;
}

const UNAVAILABLE = "The history cannot be read now: try again in a moment.";

/** The main loop's side of the thread that reads: which answer belongs to which question. */
export class ReaderClient {
  private nextId = 1;
  private readonly asked = new Map<number, Waiting<HistoryAnswer | "stale">>();
  private readonly pieces = new Map<number, Waiting<Uint8Array | null>>();

  constructor(private readonly options: ReaderClientOptions) {}

  /** @throws Refusal */
  ask(question: HistoryQuestion, open: OpenSums | null): Promise<HistoryAnswer | "stale"> {
    const id = this.nextId++;
    return this.waitFor(this.asked, id, { kind: "ask", id, question, open });
  }

  /** @throws Refusal */
  async *read(question: LongQuestion): AsyncGenerator<Uint8Array, void, void> {
    const id = this.nextId++;
    // the thread goes on with other things while a copy is made, so that it does not hang however long that takes
    const isLimited = question.kind !== "backup";
    try {
      let piece = await this.waitFor(this.pieces, id, { kind: "read", id, question }, isLimited);
      while (piece) {
        // the next one is made while this one is sent
        const next = this.waitFor(this.pieces, id, { kind: "next", id }, isLimited);
        next.catch(() => {});
        yield piece;
        piece = await next;
      }
    } finally {
      this.settle(this.pieces, id, (waiting) => waiting.resolve(null));
      this.options.post({ kind: "cancel", id });
    }
  }

  receive(message: FromReader): void {
    const { id } = message;
    switch (message.kind) {
      case "answer":
        return this.settle(this.asked, id, ({ resolve }) =>
          resolve({ bytes: message.bytes, etag: message.etag }),
        );
      case "stale":
        return this.settle(this.asked, id, ({ resolve }) => resolve("stale"));
      case "piece":
        return this.settle(this.pieces, id, ({ resolve }) => resolve(message.bytes));
      case "refused": {
        const refusal = new Refusal(message.statusCode, message.code, message.message);
        this.settle(this.asked, id, ({ reject }) => reject(refusal));
        this.settle(this.pieces, id, ({ reject }) => reject(refusal));
      }
    }
  }

  /** The thread is gone, and with it every question. */
  lose(): void {
    for (const waits of [this.asked, this.pieces] as Map<number, Waiting<never>>[]) {
      for (const id of [...waits.keys()]) this.settle(waits, id, ({ reject }) => reject(unavailable()));
    }
  }

  private waitFor<Result>(
    waits: Map<number, Waiting<Result>>,
    id: number,
    message: ToReader,
    isLimited = true,
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const { clock, patienceMs, post, kill } = this.options;
      if (!post(message)) return reject(unavailable());
      // a statement in SQLite cannot be stopped otherwise
      const timer = isLimited ? clock.setTimeout(kill, patienceMs) : undefined;
      waits.set(id, { resolve, reject, timer });
    });
  }

  private settle<Result>(
    waits: Map<number, Waiting<Result>>,
    id: number,
    how: (waiting: Waiting<Result>) => void,
  ): void {
    const waiting = waits.get(id);
    if (!waiting) return;
    waits.delete(id);
    this.options.clock.clearTimeout(waiting.timer);
    how(waiting);
  }
}

function unavailable(): Refusal {
  return new Refusal(503, "history_unavailable", UNAVAILABLE);
}
