import type { Clock } from "../../common/clock";
import { Refusal, type HistoryAnswer, type HistoryQuestion, type LongQuestion } from "./history";
import type { FromReader, OpenSums, ToReader } from "./reader-messages";

interface Waiting<Result> {
  /** False for what may take as long as it takes. */
  isLimited: boolean;
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
  timer: unknown;
}

export interface ReaderClientOptions {
  clock: Clock;
  /** So long after a question's turn has come the thread hangs, however long a question may take. */
  patienceMs: number;
  /** A question whose turn has not come by then is refused; the thread is as well as ever. */
  waitMs: number;
  /** @returns false when no thread runs */
  post: (message: ToReader) => boolean;
  /** The thread hangs. */
  kill: () => void;
}

const BUSY = "Too many questions are being answered: try again in a moment.";
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
      case "begun":
        this.begin(this.asked.get(id));
        return this.begin(this.pieces.get(id));
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
      const { clock, waitMs, post } = this.options;
      if (!post(message)) return reject(unavailable());
      const giveUp = () => {
        this.settle(waits, id, () => reject(new Refusal(503, "busy", BUSY)));
        post({ kind: "cancel", id });
      };
      const timer = isLimited ? clock.setTimeout(giveUp, waitMs) : undefined;
      waits.set(id, { isLimited, resolve, reject, timer });
    });
  }

  private begin(waiting: Pick<Waiting<never>, "isLimited" | "timer"> | undefined): void {
    if (!waiting?.isLimited) return;
    const { clock, patienceMs, kill } = this.options;
    clock.clearTimeout(waiting.timer);
    // a statement in SQLite cannot be stopped otherwise
    waiting.timer = clock.setTimeout(kill, patienceMs);
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
