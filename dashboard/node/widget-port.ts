import type { Logger } from "../../common/logger";
import { WidgetError } from "./widget-error";

/** A browser's socket (socket.io), as far as it is needed. */
export interface BrowserSocket {
  id: string;
  connected: boolean;
  emit(event: string, message: unknown): unknown;
}

/** @returns what the browser gets as the answer; throws WidgetError with what to tell the person */
export type Handler = (data: unknown, socket: BrowserSocket) => unknown;

const MOST_AT_ONCE = 30;

/**
 * The node's end of a widget's line to its browsers: they ask (`widget-change` with `{ask, id, data}`) and get one
 * answer each; the node may also push. The other end is dashboard/shared/widget-socket.ts.
 */
export class WidgetPort {
  private readonly event: string;
  private readonly running = new WeakMap<BrowserSocket, number>();

  constructor(
    nodeId: string,
    private readonly handlers: Readonly<Record<string, Handler>>,
    private readonly logger: Logger,
  ) {
    this.event = `msg-input:${nodeId}`;
  }

  /** As Dashboard calls the `onChange` of a widget. Nothing in `value` can be trusted. */
  readonly onChange = async (_message: unknown, value: unknown, socket: BrowserSocket): Promise<void> => {
    const { ask, id, data } = (value ?? {}) as { ask?: unknown; id?: unknown; data?: unknown };
    if (typeof ask !== "string" || typeof id !== "number") return;
    try {
      socket.emit(this.event, { answer: id, data: await this.handle(ask, data, socket) });
    } catch (error) {
      socket.emit(this.event, { answer: id, error: this.toldError(ask, error) });
    }
  };

  push(socket: BrowserSocket, kind: string, data: unknown): void {
    socket.emit(this.event, { push: kind, data });
  }

  private async handle(ask: string, data: unknown, socket: BrowserSocket): Promise<unknown> {
    const handler = Object.hasOwn(this.handlers, ask) ? this.handlers[ask] : undefined;
    if (!handler) throw new WidgetError("unknown", "The page is older than the server: load it again.");
    const running = this.running.get(socket) ?? 0;
    if (running >= MOST_AT_ONCE)
      throw new WidgetError("busy", "This page asks too much at once: try again in a moment.");
    this.running.set(socket, running + 1);
    try {
      return await handler(data, socket);
    } finally {
      this.running.set(socket, (this.running.get(socket) ?? 1) - 1);
    }
  }

  private toldError(ask: string, error: unknown): Pick<WidgetError, "code" | "message" | "field" | "fields"> {
    if (error instanceof WidgetError) {
      const { code, message, field, fields } = error;
      return { code, message, field, fields };
    }
    this.logger.error(`${ask}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return { code: "failed", message: "This failed inside StreamPulse; see the log." };
  }
}
