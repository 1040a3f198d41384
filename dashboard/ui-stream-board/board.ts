import type { Clock } from "../../common/clock";
import { firstIssue } from "../../common/first-issue";
import type { Logger } from "../../common/logger";
import type { LiveChangesMessage, SnapshotMessage } from "../../contracts";
import { editSchema, type Edit } from "../../contracts/edits";
import { WidgetError } from "../node/widget-error";
import type { BrowserSocket } from "../node/widget-port";
import type { WireMessage, WireRequests } from "../node/wire-requests";
import { BARS, BoardBars } from "./board-bars";
import { BoardInfo } from "./board-info";
import { BoardMirror, type Delta } from "./board-mirror";
import type { InfoPush } from "./board-protocol";
import { BoardUptime, UPTIME_PARAMETERS } from "./board-uptime";
import { BoardViewers } from "./board-viewers";

/** The node's outputs, in their order. */
export const OUTPUTS = { questions: 0, checks: 1, edits: 2, live: 3 } as const;

export interface BoardOptions {
  /** The node's id: other boards' snapshots come along the same wire. */
  id: string;
  clock: Clock;
  logger: Logger;
  requests: WireRequests;
  /** Sends a message that needs no answer. */
  send: (output: number, message: WireMessage) => void;
  push: (socket: BrowserSocket, kind: string, data: unknown) => void;
  /** Why nothing may be changed, in a sentence; null when it may. */
  refusal: () => string | null;
}

/** The node half of the board: hears what the store tells, and hands it on to the pages. */
export class Board {
  readonly info: BoardInfo;
  readonly viewers: BoardViewers;
  readonly bars: BoardBars;
  readonly mirror: BoardMirror;
  private readonly uptime: BoardUptime;
  private wasReady = false;

  constructor(private readonly options: BoardOptions) {
    const { clock, logger, push, id } = options;
    const askSnapshot = () => options.send(OUTPUTS.live, { topic: "snapshot", board: id });
    this.mirror = new BoardMirror(clock, askSnapshot, (delta) => this.onDelta(delta));
    this.viewers = new BoardViewers(this.mirror, clock, push);
    this.info = new BoardInfo(() => this.viewers.pushToAll("info", this.infoPush()));
    const nameOf = (key: number) => this.mirror.get(key)?.name;
    const keyOf = (name: string) => this.mirror.keyOf(name);
    const askBars = (streams: readonly string[]) => this.query("bars", { ...BARS, streams });
    this.bars = new BoardBars({ clock, ask: askBars, nameOf, keyOf });
    this.uptime = new BoardUptime({
      ...{ clock, logger, keyOf },
      ask: () => this.query("uptime", UPTIME_PARAMETERS),
      streams: () => this.mirror.size,
      isWanted: () => this.viewers.count > 0 && this.mirror.ready,
      onUptime: (shares) => this.viewers.pushToAll("uptime", shares),
    });
  }

  /** Once all nodes of the flow are there. */
  start(): void {
    this.mirror.start();
    this.viewers.start();
    this.options.requests.ask(OUTPUTS.edits, { topic: "config" }).then(
      ({ payload }) => this.info.takeConfigProblems((payload as { problems?: unknown } | null)?.problems),
      // a flow without stream-config has nothing to tell
      () => {},
    );
  }

  stop(): void {
    this.mirror.stop();
    this.viewers.stop();
    this.uptime.stop();
  }

  /** @throws Error with one sentence about a message that is not for the board */
  receive(message: Record<string, unknown>): void {
    const { topic } = message;
    if (topic === "changes") this.mirror.receiveChanges(message as unknown as LiveChangesMessage);
    else if (topic === "snapshot") {
      if (message.board === this.options.id)
        this.mirror.receiveSnapshot(message as unknown as SnapshotMessage);
    } else if (topic === "streams") this.info.takeSettings(message.settings);
    // these come along the same wires and say nothing that a page shows
    else if (topic !== "forget" && topic !== "restart" && message.streampulse === undefined) {
      throw new Error(
        'ui-stream-board takes messages with the topic "snapshot", "changes" or "streams", and the answers to its questions.',
      );
    }
  }

  open(socket: BrowserSocket, visible: readonly number[]): void {
    const { push } = this.options;
    push(socket, "info", this.infoPush());
    this.viewers.open(socket, visible);
    const uptime = this.uptime.known();
    if (uptime) push(socket, "uptime", uptime);
    this.uptime.wake();
  }

  /** @returns the JSON text of the answer */
  async query(query: string, parameters: object, stream?: string): Promise<string> {
    const { payload } = await this.options.requests.ask(OUTPUTS.questions, { query, parameters, stream });
    return Buffer.isBuffer(payload) ? payload.toString() : String(payload);
  }

  /** @throws WidgetError when it is refused */
  check(key: number, isDeep: boolean): void {
    this.mayChange();
    const message = { topic: "check", payload: [this.nameOf(key)] };
    this.options.send(OUTPUTS.checks, isDeep ? { ...message, level: "deep" } : message);
  }

  /** @throws WidgetError when it is refused */
  async edit(edit: Edit): Promise<void> {
    this.mayChange();
    const parsed = editSchema.safeParse(edit);
    if (!parsed.success)
      throw new WidgetError("bad_edit", `This cannot be done: ${firstIssue(parsed.error)}.`);
    await this.options.requests.ask(OUTPUTS.edits, { topic: "edit", payload: parsed.data });
  }

  /** @throws WidgetError for a stream that is gone */
  nameOf(key: number): string {
    const name = this.mirror.get(key)?.name;
    if (name === undefined) throw new WidgetError("gone", "This stream is no longer watched.");
    return name;
  }

  private mayChange(): void {
    const refusal = this.options.refusal();
    if (refusal !== null) throw new WidgetError("not_guarded", refusal);
  }

  private onDelta(delta: Delta): void {
    this.bars.forget([...delta.changed, ...delta.removed]);
    if (this.wasReady) return this.viewers.sendDelta(delta);
    this.wasReady = true;
    this.viewers.pushToAll("info", this.infoPush());
    this.viewers.sendAllToAll();
    this.uptime.wake();
  }

  private infoPush(): InfoPush {
    const { clock, refusal } = this.options;
    return { now: clock.now(), ready: this.mirror.ready, ...this.info.shown(), refusal: refusal() };
  }
}
