import { ref } from "vue";

/** Dashboard's socket (socket.io), as far as it is needed. */
export interface DashboardSocket {
  connected: boolean;
  emit(event: string, ...parameters: unknown[]): unknown;
  on(event: string, listener: (...parameters: never[]) => void): unknown;
  off(event: string, listener: (...parameters: never[]) => void): unknown;
}

/** What the server says about a request that failed. `message` is a sentence for the person. */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
    /** Everything that is wrong, where it is more than one thing. */
    readonly fields?: readonly { field: string; message: string }[],
  ) {
    super(message);
  }
}

interface Waiting {
  resolve: (data: never) => void;
  reject: (error: RequestError) => void;
  timer: number;
}

interface Incoming {
  answer?: number;
  push?: string;
  data?: unknown;
  error?: Pick<RequestError, "code" | "message" | "field" | "fields">;
}

const TIMEOUT_MS = 35_000;

/** The browser's end of a widget's line to its node; dashboard/node/widget-port.ts is the other. */
export class WidgetSocket {
  /** Whether the server can be reached now. */
  readonly connected = ref(false);
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Map<string, (data: never) => void>();
  private last = 0;

  /** @param texts what a person is told where the server cannot tell anything */
  constructor(
    private readonly socket: DashboardSocket,
    private readonly widget: string,
    private readonly texts: { notConnected(): string; noAnswer(): string },
  ) {}

  /** @param onConnect is called at once when connected, and each time the server is there again */
  open(onConnect: () => void): () => void {
    const connect = () => {
      this.connected.value = true;
      onConnect();
    };
    const disconnect = () => {
      this.connected.value = false;
      this.refuseAll();
    };
    const hear = (message: Incoming) => this.hear(message);
    const event = `msg-input:${this.widget}`;
    this.socket.on(event, hear);
    this.socket.on("connect", connect);
    this.socket.on("disconnect", disconnect);
    if (this.socket.connected) connect();
    return () => {
      this.socket.off(event, hear);
      this.socket.off("connect", connect);
      this.socket.off("disconnect", disconnect);
      this.refuseAll();
    };
  }

  /** @throws RequestError with a sentence for the person */
  request<Answer>(ask: string, data?: unknown, timeoutMs = TIMEOUT_MS): Promise<Answer> {
    if (!this.socket.connected) {
      return Promise.reject(new RequestError("not_connected", this.texts.notConnected()));
    }
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.waiting.delete(id);
        reject(new RequestError("no_answer", this.texts.noAnswer()));
      }, timeoutMs);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.emit("widget-change", this.widget, { ask, id, data });
    });
  }

  /** Hears what the node sends by itself; one listener for each kind. */
  onPush<Data>(kind: string, listener: (data: Data) => void): void {
    this.listeners.set(kind, listener);
  }

  private hear({ answer, push, data, error }: Incoming): void {
    if (push !== undefined) return this.listeners.get(push)?.(data as never);
    const waiting = answer === undefined ? undefined : this.waiting.get(answer);
    if (!waiting) return;
    this.waiting.delete(answer as number);
    clearTimeout(waiting.timer);
    if (error) waiting.reject(new RequestError(error.code, error.message, error.field, error.fields));
    else waiting.resolve(data as never);
  }

  private refuseAll(): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new RequestError("not_connected", this.texts.notConnected()));
    }
    this.waiting.clear();
  }
}
