import { EventEmitter } from "node:events";
import type { NodeAPI, NodeStatus } from "node-red";
import { HEALTH_EVENT, type HealthReport, type HealthWithdrawal } from "../../contracts/health";
import { RecordingLogger } from "./recording-logger";

type Constructor = (this: FakeNode, definition: Record<string, unknown>) => void;
type Done = (error?: Error) => void;

/** A node as Node-RED would make it, which keeps what it sends, shows and logs. */
export class FakeNode extends EventEmitter {
  id = "";
  type = "";
  name = "";
  credentials?: Record<string, string>;
  readonly sent: unknown[] = [];
  readonly statuses: NodeStatus[] = [];
  readonly logger = new RecordingLogger();

  log = this.logger.info;
  warn = this.logger.warn;
  debug = this.logger.debug;
  trace = this.logger.debug;
  error = (error: unknown) => this.logger.error(error instanceof Error ? error.message : String(error));

  send(message: unknown): void {
    this.sent.push(message);
  }

  status(status: NodeStatus): void {
    this.statuses.push(status);
  }

  /** Gives the node a message; resolves when it calls done. */
  receive(message: Record<string, unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const done: Done = (error) => (error ? reject(error) : resolve());
      this.emit("input", message, (answer: unknown) => this.send(answer), done);
    });
  }

  /** Closes the node as a deploy does; resolves when it has ended. */
  async close(removed = false): Promise<void> {
    for (const listener of this.listeners("close") as ((...args: unknown[]) => void)[]) {
      await new Promise<void>((resolve, reject) => {
        const done: Done = (error) => (error ? reject(error) : resolve());
        if (listener.length === 0) {
          listener.call(this);
          resolve();
        } else if (listener.length === 1) listener.call(this, done);
        else listener.call(this, removed, done);
      });
    }
    this.removeAllListeners();
  }
}

/** As much of Node-RED as an adapter needs to be tested alone. */
export class FakeRed {
  readonly events = new EventEmitter();
  readonly health: (HealthReport | HealthWithdrawal)[] = [];
  readonly nodes = {
    createNode: (
      node: FakeNode,
      definition: { id?: string; type?: string; name?: string; credentials?: Record<string, string> },
    ) => {
      this.made.set((node.id = definition.id ?? ""), node);
      node.type = definition.type ?? "";
      node.name = definition.name ?? "";
      node.credentials = definition.credentials;
    },
    registerType: (type: string, constructor: Constructor) => void this.types.set(type, constructor),
    getNode: (id: string) => this.made.get(id) ?? null,
    eachNode: (visit: (node: FakeNode) => void) => this.made.forEach(visit),
    getCredentials: (id: string) => this.made.get(id)?.credentials,
  };
  readonly auth = { needsPermission: (permission: string) => permission };
  readonly httpAdmin = { post: (place: string, ...handlers: unknown[]) => this.routes.set(place, handlers) };
  /** Of the admin API: the permission that each wants, and what answers. */
  readonly routes = new Map<string, unknown[]>();
  private readonly types = new Map<string, Constructor>();
  private readonly made = new Map<string, FakeNode>();

  constructor(readonly settings: Record<string, unknown> = {}) {
    this.events.on(HEALTH_EVENT, (report: HealthReport | HealthWithdrawal) => this.health.push(report));
  }

  /** What an adapter's exported function takes. */
  get api(): NodeAPI {
    return this as unknown as NodeAPI;
  }

  /** Makes a node of a type that an adapter has registered. */
  create(type: string, definition: Record<string, unknown> = {}): FakeNode {
    const constructor = this.types.get(type);
    if (!constructor) throw new Error(`no node type ${type} is registered`);
    const node = new FakeNode();
    constructor.call(node, { id: `${type}-${this.made.size + 1}`, type, ...definition });
    return node;
  }

  /** As Node-RED tells once all nodes of a deploy are there. */
  startFlows(): void {
    this.events.emit("flows:started", {});
  }
}
