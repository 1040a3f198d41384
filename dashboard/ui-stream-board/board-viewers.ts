import type { Clock } from "../../common/clock";
import type { BrowserSocket } from "../node/widget-port";
import type { BoardMirror, Delta } from "./board-mirror";
import type { Row } from "./board-protocol";
import { toRow } from "./board-rows";

/** A page that shows the board. */
interface Viewer {
  socket: BrowserSocket;
  heardAt: number;
  /** Keys of the streams on its screen. */
  visible: Set<number>;
  /** Keys of streams that were checked and are not on its screen. */
  checked: Set<number>;
  /** Names what it begins anew with: an older one that is still on its way ends. */
  loading: symbol;
}

const ROWS_A_PART = 500;
/** Latencies of streams that nobody looks at are wanted for sorting only. */
const CHECKS_EVERY_MS = 10_000;
/** A page says every 20 s that it is there. */
const FORGET_MS = 65_000;
const MOST_VIEWERS = 500;

/**
 * Sends each page all streams once, and then what changes: a change of state to all at once, the times and latencies
 * of checks at once only where they are on the screen.
 */
export class BoardViewers {
  private readonly viewers = new Map<string, Viewer>();
  private timer: unknown;

  constructor(
    private readonly mirror: BoardMirror,
    private readonly clock: Clock,
    private readonly push: (socket: BrowserSocket, kind: string, data: unknown) => void,
  ) {}

  start(): void {
    this.timer = this.clock.setTimeout(() => {
      this.sendChecks();
      this.start();
    }, CHECKS_EVERY_MS);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.viewers.clear();
  }

  get count(): number {
    return this.viewers.size;
  }

  open(socket: BrowserSocket, visible: readonly number[]): void {
    const oldest = this.viewers.keys().next();
    if (this.viewers.size >= MOST_VIEWERS && !oldest.done) this.viewers.delete(oldest.value);
    const viewer: Viewer = {
      socket,
      heardAt: this.clock.elapsed(),
      visible: new Set(visible),
      checked: new Set(),
      loading: Symbol("loading"),
    };
    this.viewers.set(socket.id, viewer);
    if (this.mirror.ready) this.sendAll(viewer);
  }

  /** All streams are known now: for those who opened the page before. */
  sendAllToAll(): void {
    for (const viewer of this.viewers.values()) this.sendAll(viewer);
  }

  close(socket: BrowserSocket): void {
    this.viewers.delete(socket.id);
  }

  /** @returns false for a page that was never opened, or forgotten */
  alive(socket: BrowserSocket): boolean {
    const viewer = this.viewers.get(socket.id);
    if (viewer) viewer.heardAt = this.clock.elapsed();
    return viewer !== undefined;
  }

  see(socket: BrowserSocket, visible: readonly number[]): void {
    const viewer = this.viewers.get(socket.id);
    if (!viewer) return;
    viewer.heardAt = this.clock.elapsed();
    const late = visible.filter((key) => viewer.checked.delete(key));
    viewer.visible = new Set(visible);
    if (late.length > 0) this.push(socket, "changes", { rows: this.rows(late), removed: [], checks: [] });
  }

  sendDelta({ changed, checked, removed }: Delta): void {
    const rows = new Map<number, Row>();
    const row = (key: number) => {
      let found = rows.get(key);
      if (!found) rows.set(key, (found = this.rows([key])[0] as Row));
      return found;
    };
    for (const viewer of this.viewers.values()) {
      if (!viewer.socket.connected) {
        this.viewers.delete(viewer.socket.id);
        continue;
      }
      for (const key of removed) viewer.checked.delete(key);
      const seen: number[] = [];
      for (const key of checked) {
        if (viewer.visible.has(key)) seen.push(key);
        else viewer.checked.add(key);
      }
      for (const key of changed) viewer.checked.delete(key);
      if (changed.length + seen.length + removed.length === 0) continue;
      const shown = [...changed, ...seen].map(row);
      this.push(viewer.socket, "changes", { rows: shown, removed, checks: [] });
    }
  }

  pushToAll(kind: string, data: unknown): void {
    for (const { socket } of this.viewers.values()) if (socket.connected) this.push(socket, kind, data);
  }

  private rows(keys: readonly number[]): Row[] {
    return keys.flatMap((key) => {
      const stream = this.mirror.get(key);
      return stream ? [toRow(key, stream)] : [];
    });
  }

  /** In parts, one a turn of the event loop: changes that come between are sent too, and count whenever they arrive. */
  private sendAll(viewer: Viewer): void {
    const keys = this.mirror.allKeys();
    const parts = Math.max(1, Math.ceil(keys.length / ROWS_A_PART));
    const loading = Symbol("loading");
    viewer.loading = loading;
    const sendPart = (part: number) => {
      const isCurrent = this.viewers.get(viewer.socket.id) === viewer && viewer.loading === loading;
      if (!isCurrent || !viewer.socket.connected) return;
      const rows = this.rows(keys.slice(part * ROWS_A_PART, (part + 1) * ROWS_A_PART));
      this.push(viewer.socket, "rows", { part, parts, rows });
      if (part + 1 < parts) this.clock.setTimeout(() => sendPart(part + 1), 0);
    };
    sendPart(0);
  }

  private sendChecks(): void {
    const now = this.clock.elapsed();
    for (const viewer of this.viewers.values()) {
      if (!viewer.socket.connected || now - viewer.heardAt > FORGET_MS) {
        this.viewers.delete(viewer.socket.id);
        continue;
      }
      const checks = [...viewer.checked].flatMap((key) => {
        const last = this.mirror.get(key)?.last;
        return last ? [key, last.at, last.latencyMs === null ? -1 : Math.round(last.latencyMs)] : [];
      });
      viewer.checked.clear();
      if (checks.length > 0) this.push(viewer.socket, "changes", { rows: [], removed: [], checks });
    }
  }
}
