import type { Query } from "../../contracts/messages";
import type { Clock } from "../../common/clock";

/** What goes out to a status-query that is set to `msg`, and comes back with the answer. */
export interface QuestionMessage {
  topic: "question";
  query: Query;
  parameters: Record<string, unknown>;
  /** Which of our questions it is. */
  question: string;
}

export interface QuestionAnswer {
  question: string;
  statusCode: number;
  payload: Buffer | string;
}

/** The message is a sentence. */
export class NoAnswerError extends Error {}

/** Nothing came back at all: there may be nobody. */
export class SilenceError extends NoAnswerError {}

const MOST_WAITING = 50;

interface Waiting {
  resolve: (payload: Buffer | string) => void;
  reject: (error: Error) => void;
  timer: unknown;
}

/** Questions that go out on one wire and whose answers come in on another. */
export class Questions {
  private readonly waiting = new Map<string, Waiting>();
  private count = 0;

  constructor(
    private readonly clock: Clock,
    private readonly send: (message: QuestionMessage) => void,
    /** Two nodes may ask the same status-query. */
    private readonly asker: string,
    private readonly timeoutMs = 8000,
  ) {}

  /** @throws NoAnswerError when none comes, or it is a refusal */
  ask(query: Query, parameters: Record<string, unknown> = {}): Promise<Buffer | string> {
    if (this.waiting.size >= MOST_WAITING)
      return Promise.reject(new NoAnswerError("Too many questions wait."));
    const question = `${this.asker}-${++this.count}`;
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimeout(() => {
        this.waiting.delete(question);
        reject(
          new SilenceError(
            `The question "${query}" was not answered: wire the first output to a status-query that takes its query from the message, and that back.`,
          ),
        );
      }, this.timeoutMs);
      this.waiting.set(question, { resolve, reject, timer });
      this.send({ topic: "question", query, parameters, question });
    });
  }

  /** @returns false when it is not an answer to one of ours that still waits */
  answer({ question, statusCode, payload }: QuestionAnswer): boolean {
    const waiting = this.waiting.get(question);
    if (!waiting) return false;
    this.waiting.delete(question);
    this.clock.clearTimeout(waiting.timer);
    if (statusCode === 200) waiting.resolve(payload);
    else waiting.reject(new NoAnswerError(`A question was answered ${statusCode}: ${textOf(payload)}`));
    return true;
  }

  stop(): void {
    for (const { timer, reject } of this.waiting.values()) {
      this.clock.clearTimeout(timer);
      reject(new NoAnswerError("The publisher was stopped."));
    }
    this.waiting.clear();
  }
}

function textOf(payload: Buffer | string): string {
  return String(payload).slice(0, 200);
}
