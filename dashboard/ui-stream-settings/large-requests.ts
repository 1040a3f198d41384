import { WidgetError } from "../node/widget-error";
import type { BrowserSocket, Handler } from "../node/widget-port";
import { MOST_CHARACTERS } from "./settings-protocol";

const MOST_AT_ONCE = 4;

/**
 * Takes requests that are larger than a message of the dashboard's socket may be: the parts of a JSON text one after
 * the other (`part`, the first of them with `first`), and then `whole`, which is answered as `ask` would be.
 */
export class LargeRequests {
  private readonly parts = new Map<BrowserSocket, { texts: string[]; characters: number }>();

  /** The handlers of widget-port.ts, with the two that put the parts together. */
  around(handlers: Readonly<Record<string, Handler>>): Record<string, Handler> {
    return {
      ...handlers,
      part: (data, socket) => this.take(data, socket),
      whole: (data, socket) => {
        const { ask } = (data ?? {}) as { ask?: unknown };
        const handler = typeof ask === "string" && Object.hasOwn(handlers, ask) ? handlers[ask] : undefined;
        if (!handler) throw new WidgetError("unknown", "The page is older than the server: load it again.");
        return handler(this.read(socket), socket);
      },
    };
  }

  stop(): void {
    this.parts.clear();
  }

  private take(data: unknown, socket: BrowserSocket): null {
    const { first, text } = (data ?? {}) as { first?: unknown; text?: unknown };
    if (typeof text !== "string") throw new WidgetError("bad_request", "A part has no text.");
    this.forgetGone();
    if (first === true) this.parts.delete(socket);
    if (!this.parts.has(socket) && this.parts.size >= MOST_AT_ONCE) {
      throw new WidgetError("busy", "Several people send large files at once: try again in a moment.");
    }
    const request = this.parts.get(socket) ?? { texts: [], characters: 0 };
    request.texts.push(text);
    request.characters += text.length;
    this.parts.set(socket, request);
    if (request.characters > MOST_CHARACTERS) {
      this.parts.delete(socket);
      throw new WidgetError("too_large", "This is too large: 10 MB at most.");
    }
    return null;
  }

  private read(socket: BrowserSocket): unknown {
    const text = this.parts.get(socket)?.texts.join("") ?? "";
    this.parts.delete(socket);
    try {
      return JSON.parse(text);
    } catch {
      throw new WidgetError("incomplete", "The file did not arrive whole: try again.");
    }
  }

  private forgetGone(): void {
    for (const socket of this.parts.keys()) if (!socket.connected) this.parts.delete(socket);
  }
}
