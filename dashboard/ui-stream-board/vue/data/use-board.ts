import { onUnmounted, shallowRef, watch, type Ref } from "vue";
import type { DashboardApp } from "../../../shared/dashboard-app";
import { timezone } from "../../../shared/i18n";
import { useNow } from "../../../shared/ticking";
import { useWidget } from "../../../shared/use-widget";
import type { WidgetSocket } from "../../../shared/widget-socket";
import type { BarsAnswer, ChangesPush, InfoPush, Requests, RowsPush, UptimePush } from "../../board-protocol";
import { decodeBars, type Bars } from "./bars";
import { BoardData } from "./board-data";
import type { BoardRow } from "./board-row";

const ALIVE_EVERY_MS = 20_000;
const BARS_EVERY_MS = 60_000;
const MOST_BARS = 200;
/** Scrolling passes many rows by. */
const SETTLE_MS = 120;

/**
 * What was known when the widget was last on the page: a deploy, and a connection that comes back, make Dashboard build
 * the page anew, and then nothing should vanish from the screen for a moment.
 */
const lastKnown = new Map<string, BoardData>();

export interface Board {
  app: DashboardApp;
  connected: Ref<boolean>;
  data: BoardData;
  /** Grows with each change of `data`. */
  version: Ref<number>;
  /** The server's time. */
  now: Readonly<Ref<number>>;
  /** Grows when bars have come. */
  barsVersion: Ref<number>;
  barsOf(key: number): Bars | undefined;
  /** Tells the server which streams are on the screen. */
  see(rows: readonly BoardRow[]): void;
  request<Answer>(ask: keyof Requests, data: Requests[keyof Requests]): Promise<Answer>;
}

/** To be called in the setup of the widget. */
export function useBoard(id: string): Board {
  const version = shallowRef(0);
  const barsVersion = shallowRef(0);
  const data = new BoardData(() => version.value++);
  const known = lastKnown.get(id);
  if (known) data.adopt(known);
  lastKnown.set(id, data);

  let aheadMs = 0;
  const now = useNow(() => aheadMs);
  const seen = new SeenStreams(() => barsVersion.value++);
  const open = (socket: WidgetSocket) => {
    void socket.request("open", { visible: seen.keys }).catch(ignore);
  };
  const { app, socket } = useWidget(id, open);
  const request = <Answer>(ask: keyof Requests, body: Requests[keyof Requests]) =>
    socket.request<Answer>(ask, body);
  seen.connect(request);

  socket.onPush<RowsPush>("rows", (push) => data.takeRows(push));
  socket.onPush<ChangesPush>("changes", (push) => {
    data.takeChanges(push);
    seen.lookAgain(push.rows.map(([key]) => data.rows.get(key)));
  });
  socket.onPush<UptimePush>("uptime", (push) => data.takeUptime(push));
  socket.onPush<InfoPush>("info", (push) => {
    aheadMs = push.now - Date.now();
    timezone.value = push.timezone;
    data.takeInfo(push);
  });
  watch(socket.connected, (connected) => connected && seen.refresh());

  const alive = setInterval(() => {
    // a server that was started anew does not know this page
    const answer = request<{ known: boolean }>("alive", null);
    answer.then(({ known }) => !known && open(socket)).catch(ignore);
    seen.refresh();
  }, ALIVE_EVERY_MS);
  onUnmounted(() => {
    clearInterval(alive);
    seen.stop();
    void request("close", null).catch(ignore);
  });

  return {
    ...{ app, connected: socket.connected, data, version, now, barsVersion, request },
    barsOf: (key) => seen.bars.get(key)?.bars,
    see: (rows) => seen.see(rows),
  };
}

/** The streams on the screen, and their bars. */
class SeenStreams {
  keys: number[] = [];
  readonly bars = new Map<number, { bars: Bars; at: number; look: string }>();
  private rows: readonly BoardRow[] = [];
  private timer = 0;
  private request?: Board["request"];
  private isLoading = false;

  constructor(private readonly onBars: () => void) {}

  connect(request: Board["request"]): void {
    this.request = request;
  }

  see(rows: readonly BoardRow[]): void {
    this.rows = rows;
    const keys = rows.map(({ key }) => key);
    const isSame = keys.length === this.keys.length && keys.every((key, index) => key === this.keys[index]);
    if (isSame) return;
    this.keys = keys;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      void this.request?.("see", { visible: keys }).catch(ignore);
      this.refresh();
    }, SETTLE_MS);
  }

  /** Some of them may have another state now, which changes their last bar. */
  lookAgain(rows: readonly (BoardRow | undefined)[]): void {
    const isStale = rows.some((row) => {
      const known = row && this.bars.get(row.key);
      return known && known.look !== lookOf(row);
    });
    if (isStale) this.refresh();
  }

  /** Asks for the bars of what is on the screen, where they are missing or old. */
  refresh(): void {
    if (this.isLoading) return;
    const now = performance.now();
    const wanted = this.rows.filter((row) => {
      const known = this.bars.get(row.key);
      return !known || now - known.at > BARS_EVERY_MS || known.look !== lookOf(row);
    });
    if (wanted.length > 0) void this.load(wanted.slice(0, MOST_BARS), now);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private async load(rows: readonly BoardRow[], at: number): Promise<void> {
    this.isLoading = true;
    try {
      const answer = await this.request?.<BarsAnswer>("bars", { keys: rows.map(({ key }) => key) });
      const found = new Map(answer?.streams.map((bars) => [bars[0], bars]));
      for (const row of rows) {
        const encoded = found.get(row.key);
        const bars = encoded
          ? decodeBars(encoded, answer?.bucketMs ?? 0)
          : (this.bars.get(row.key)?.bars ?? { bars: [], latency: [] });
        this.bars.set(row.key, { bars, at, look: lookOf(row) });
      }
      this.onBars();
    } catch {
      // it is asked for again with the next refresh
    }
    this.isLoading = false;
  }
}

/** What shows in the last bar. */
function lookOf({ state, reason, since }: BoardRow): string {
  return `${state} ${reason} ${since}`;
}

function ignore(): void {
  // not connected: everything is asked for anew as soon as it is
}
