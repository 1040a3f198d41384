import { onUnmounted, shallowRef, watch, type Ref } from "vue";
import type { DashboardApp } from "../../../shared/dashboard-app";
import { timezone } from "../../../shared/i18n";
import { useNow } from "../../../shared/ticking";
import { useWidget } from "../../../shared/use-widget";
import type { WidgetSocket } from "../../../shared/widget-socket";
import type { ChangesPush, InfoPush, Requests, RowsPush, UptimePush } from "../../board-protocol";
import type { Bars } from "./bars";
import { BoardData } from "./board-data";
import { SeenStreams, type Place } from "./seen-streams";

const ALIVE_EVERY_MS = 20_000;

/**
 * What was known when the widget was last on the page: a deploy, and a connection that comes back, make Dashboard build
 * the page anew, and then nothing should vanish from the screen for a moment.
 */
const lastKnown = new Map<string, { data: BoardData; seen: SeenStreams }>();

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
  /** Says which streams are on the screen at a place: these are kept new first of all. */
  see(place: Place, keys: readonly number[]): void;
  request<Answer>(ask: keyof Requests, data: Requests[keyof Requests]): Promise<Answer>;
}

/** To be called in the setup of the widget. */
export function useBoard(id: string): Board {
  const version = shallowRef(0);
  const barsVersion = shallowRef(0);
  const data = new BoardData(() => version.value++);
  let aheadMs = 0;
  const now = useNow(() => aheadMs);
  const open = (socket: WidgetSocket) => {
    void socket.request("open", { visible: seen.keys }).catch(ignore);
  };
  const { app, socket } = useWidget(id, open);
  const request = <Answer>(ask: keyof Requests, body: Requests[keyof Requests]) =>
    socket.request<Answer>(ask, body);
  const seen: SeenStreams = new SeenStreams({
    request,
    rowOf: (key) => data.rows.get(key),
    onBars: () => barsVersion.value++,
    now: () => performance.now(),
  });
  const known = lastKnown.get(id);
  if (known) {
    data.adopt(known.data);
    seen.adopt(known.seen);
  }
  lastKnown.set(id, { data, seen });

  socket.onPush<RowsPush>("rows", (push) => {
    data.takeRows(push);
    seen.refresh();
  });
  socket.onPush<ChangesPush>("changes", (push) => {
    data.takeChanges(push);
    // a change of state shows in the last bar
    seen.refresh();
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
    barsOf: (key) => seen.barsOf(key),
    see: (place, keys) => seen.see(place, keys),
  };
}

function ignore(): void {
  // not connected: everything is asked for anew as soon as it is
}
