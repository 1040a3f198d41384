import type { Clock } from "../../common/clock";
import { readError, WidgetError } from "./widget-error";

const TIMEOUT_MS = 30_000;
const MOST_WAITING = 500;

/** How an answer finds its question: requests on wires keep all properties of the message. */
interface Ticket {
  widget: string;
  request: number;
}

export interface WireMessage extends Record<string, unknown> {
  payload?: unknown;
  statusCode?: unknown;
}

interface Waiting {
  resolve: (message: WireMessage) => void;
  reject: (error: WidgetError) => void;
  timer: unknown;
}

/**
 * Sends messages on the wires of a node and waits for them to come back as answers at its input.
 */
export class WireRequests {
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  /** @param widget the node's id: another widget's answers may come along the same wire */
  constructor(
    private readonly widget: string,
    private readonly clock: Clock,
    private readonly send: (output: number, message: WireMessage) => void,
  ) {}

  /**
   * @param output the node's output, from 0
   * @throws WidgetError when the answer is an error (a `statusCode` of 400 and more), or none comes
   */
  ask(output: number, message: WireMessage, timeoutMs = TIMEOUT_MS): Promise<WireMessage> {
    if (this.waiting.size >= MOST_WAITING) {
      return Promise.reject(
        new WidgetError("busy", "Too many questions wait for an answer: try again in a moment."),
      );
    }
    const request = ++this.last;
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimeout(() => {
        this.waiting.delete(request);
        const seconds = Math.round(timeoutMs / 1000);
        reject(
          new WidgetError(
            "no_answer",
            `Nothing answered within ${seconds} s: look whether the widget's outputs are wired as in the example.`,
          ),
        );
      }, timeoutMs);
      this.waiting.set(request, { resolve, reject, timer });
      this.send(output, { ...message, streampulse: { widget: this.widget, request } satisfies Ticket });
    });
  }

  /** @returns whether the message was an answer to one of our questions, also to one that was given up */
  settle(message: WireMessage): boolean {
    const ticket = message.streampulse as Partial<Ticket> | undefined;
    if (typeof ticket !== "object" || ticket === null || ticket.widget !== this.widget) return false;
    const waiting = this.waiting.get(ticket.request as number);
    if (!waiting) return true;
    this.waiting.delete(ticket.request as number);
    this.clock.clearTimeout(waiting.timer);
    if (typeof message.statusCode === "number" && message.statusCode >= 400) {
      waiting.reject(readError(parsed(message.payload)));
    } else {
      waiting.resolve(message);
    }
    return true;
  }

  stop(): void {
    for (const { reject, timer } of this.waiting.values()) {
      this.clock.clearTimeout(timer);
      reject(new WidgetError("closed", "The flow was deployed meanwhile: try again."));
    }
    this.waiting.clear();
  }
}

/** A status-query answers with the text of an HTTP answer, others with the thing itself. */
function parsed(payload: unknown): unknown {
  if (typeof payload !== "string" && !Buffer.isBuffer(payload)) return payload;
  try {
    return JSON.parse(payload.toString());
  } catch {
    return undefined;
  }
}
