import { computed, ref, shallowRef, type Ref } from "vue";
import type { BoardRow } from "../data/board-row";
import type { Board } from "../data/use-board";
import type { BucketsAnswer, History } from "./answers";
import { bucketFor, LEAST_RANGE_MS, WINDOWS, type TimeRange, type Window } from "./time-range";
import { useAnswer } from "./use-answer";

export interface ShownHistory {
  /** Undefined until the first answer. */
  history: Ref<History | undefined>;
  /** Why the last answer did not come, in a sentence; empty otherwise. */
  failure: Ref<string>;
  window: Readonly<Ref<Window>>;
  /** Only a part of the window is shown. */
  isZoomed: Ref<boolean>;
  /** All of a window, up to now. */
  choose(window: Window): void;
  zoom(range: TimeRange): void;
  /** Shows `factor` times as much, around a moment; as long as the window again: all of it. */
  zoomBy(factor: number, around: number): void;
}

const EVERY_MS = 200;
const MINUTE_MS = 60_000;
const USUAL_HEARTBEAT_SECONDS = 20;

/** The history of a stream in buckets, over the time that somebody has chosen. To be called in the setup of a component. */
export function useHistory(board: Board, row: () => BoardRow): ShownHistory {
  const window = ref<Window>("24h");
  const zoomed = shallowRef<TimeRange | null>(null);
  /** New at each minute, unless somebody looks at a part of the past. */
  const minute = computed(() => (zoomed.value ? 0 : Math.floor(board.now.value / MINUTE_MS)));
  /** What was chosen, of which the answer may still be on its way. */
  const asked = (): TimeRange => {
    const now = board.now.value;
    return zoomed.value ?? { from: now - WINDOWS[window.value], to: now };
  };
  const { answer: history, failure } = useAnswer<History>(
    board.connected,
    [window, zoomed, minute],
    async () => {
      const range = asked();
      const heartbeatMs = (board.data.info?.heartbeatSeconds ?? USUAL_HEARTBEAT_SECONDS) * 1000;
      const bucket = bucketFor(range, board.now.value, heartbeatMs);
      const text = await board.request<string>("history", {
        ...{ key: row().key, from: Math.floor(range.from), to: Math.ceil(range.to) },
        bucket: bucket.name,
      });
      return { range, bucketMs: bucket.ms, buckets: (JSON.parse(text) as BucketsAnswer).buckets };
    },
    EVERY_MS,
  );

  function choose(chosen: Window): void {
    window.value = chosen;
    zoomed.value = null;
  }

  function zoom({ from, to }: TimeRange): void {
    const middle = (from + to) / 2;
    const half = Math.max(to - from, LEAST_RANGE_MS) / 2;
    zoomed.value = { from: Math.max(1, middle - half), to: Math.min(board.now.value, middle + half) };
  }

  function zoomBy(factor: number, around: number): void {
    const { from, to } = asked();
    const length = (to - from) * factor;
    if (length >= WINDOWS[window.value]) return void (zoomed.value = null);
    // as long as was asked for also where it would reach into the future
    const end = Math.min(board.now.value, around + length / 2);
    zoom({ from: end - length, to: end });
  }

  const isZoomed = computed(() => zoomed.value !== null);
  return { history, failure, window, isZoomed, choose, zoom, zoomBy };
}
