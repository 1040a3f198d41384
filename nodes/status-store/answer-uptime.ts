import { STATES } from "../../contracts/reasons";
import { ZonedTime } from "../../common/zoned-time";
import type { Answering } from "./answer-history";
import { STATE_CODES, stateOfCode } from "./codes";
import { WINDOWS, type UptimeQuestion, type Window } from "./history";
import { noStream, type HistoryData } from "./history-data";
import { SNAPSHOT_STRIDE } from "./open-rollups";
import type { OpenSums } from "./reader-messages";
import { DAY_MS, FIELDS, HOUR_MS } from "./rollup";

export const ACCOUNTING_RULE =
  "uptime = up / (up + degraded + down), of the time in each confirmed state. Time that is paused, pending or unknown " +
  "counts neither way; it is unknown while the monitor itself was off. samples.ratio = checks that v2.2 would have called " +
  "ok / all checks. A window begins at the full hour (UTC) before its length ago and ends now.";

/** The first fields of a rollup: checks by state, ok, milliseconds by state in which the stream was watched. */
const ROLLED = FIELDS.latencyCount;
/** After them the milliseconds by state in which it was not. */
const SUMS = FIELDS.ms + STATES.length;
type Sums = Float64Array;
interface UptimeStream {
  id: number;
  name: string;
  group: string | null;
}

const STREAMS_A_SLICE = 250;
const SUM_COLUMNS = ["up", "degraded", "down", "v22_ok", "up_ms", "degraded_ms", "down_ms"]
  .map((column) => `sum(r.${column})`)
  .join(", ");

/**
 * Uptime from rollups only. What stands in the tables changes once an hour, so that its sums are kept, and each answer
 * adds what the writer has not put there yet.
 */
export class UptimeAnswers {
  private readonly kept = new Map<string, Map<number, Sums>>();
  private keptFlushes = -1;

  /** What was read from another database. */
  forget(): void {
    this.kept.clear();
  }

  *answer(data: HistoryData, question: UptimeQuestion, open: OpenSums | null): Answering {
    const { windows, by, now, timezone, stream } = question;
    const zone = new ZonedTime(timezone);
    const streams = watchedStreams(data, stream);
    const sums = new Map<Window, Map<number, Sums>>();
    for (const window of windows) {
      const hour = fromHour(window, now);
      const found = withOpen(yield* this.stored(data, hour, hourOf(now)), open, hour, hourOf(now));
      addUnwatched(found, data, hour * HOUR_MS, now);
      sums.set(window, found);
      yield;
    }

    const over = (ids: readonly number[]) =>
      Object.fromEntries(windows.map((window) => [window, renderSums(total(sums.get(window), ids))]));
    const answer: Record<string, unknown> = {
      ...{ at: now, time: zone.format(now), timezone, rule: ACCOUNTING_RULE },
      windows: Object.fromEntries(
        windows.map((window) => {
          const from = fromHour(window, now) * HOUR_MS;
          return [window, { from, fromTime: zone.format(from), to: now }];
        }),
      ),
    };
    if (by.includes("all")) answer.all = over(streams.map(({ id }) => id));
    if (by.includes("group")) {
      const groups = Map.groupBy(streams, ({ group }) => group);
      answer.groups = [...groups].map(([group, members]) => ({
        group,
        ...over(members.map(({ id }) => id)),
      }));
    }
    yield;
    if (by.includes("stream")) {
      answer.streams = streams.map(({ id, name, group }) => ({ name, group, ...over([id]) }));
    }
    return answer;
  }

  /** v2.2's ok samples and all samples of a window, over all watched streams. */
  *samples(
    data: HistoryData,
    window: Window,
    now: number,
    open: OpenSums | null,
  ): Generator<void, { ok: number; total: number }, unknown> {
    const hour = fromHour(window, now);
    const ids = watchedStreams(data, null).map(({ id }) => id);
    const all = total(yield* this.stored(data, hour, hourOf(now)), ids);
    const watched = new Set(ids);
    // one sum over all: a copy of each stream's would take longer than everything else
    for (const [id, values] of openSums(open, hour, hourOf(now))) if (watched.has(id)) add(all, values);
    return samplesOf(all);
  }

  /** What stands in the tables from an hour on, until the running one. */
  private *stored(
    data: HistoryData,
    hour: number,
    thisHour: number,
  ): Generator<void, Map<number, Sums>, unknown> {
    const key = `${hour} ${thisHour}`;
    const { flushes } = data;
    if (flushes !== this.keptFlushes) this.kept.clear();
    this.keptFlushes = flushes;
    let stored = this.kept.get(key);
    if (!stored) {
      stored = yield* readSums(data, hour, thisHour);
      // windows move on with each hour
      if (this.kept.size >= 8) this.kept.clear();
      this.kept.set(key, stored);
    }
    return stored;
  }
}

/**
 * Whole days from daily rollups, the hours before the first of them from hourly ones. What lies ahead was written while
 * the clock was wrong, and is in no window before its time has come.
 */
function* readSums(
  data: HistoryData,
  hour: number,
  thisHour: number,
): Generator<void, Map<number, Sums>, unknown> {
  const hoursADay = DAY_MS / HOUR_MS;
  const day = Math.ceil(hour / hoursADay);
  const today = Math.floor(thisHour / hoursADay);
  const select = (table: string, condition: string) =>
    data.db
      .prepare(
        `SELECT s.id, ${SUM_COLUMNS} FROM streams s CROSS JOIN ${table} r ON r.stream = s.id
         WHERE s.removed IS NULL AND s.id > ? AND s.id <= ? AND ${condition} GROUP BY s.id`,
      )
      .raw();
  const days = select("daily_rollups", "r.day >= ? AND r.day <= ?");
  const hours = select("rollups", "r.hour >= ? AND r.hour < ?");
  const ids = data.db.prepare("SELECT id FROM streams WHERE removed IS NULL ORDER BY id").pluck().all();
  const found = new Map<number, Sums>();
  const take = (rows: unknown[]) => {
    for (const [id, ...values] of rows as number[][]) addTo(found, id as number, values);
  };
  for (let index = 0; index < ids.length; index += STREAMS_A_SLICE) {
    const first = index === 0 ? 0 : ids[index - 1];
    const last = ids[Math.min(index + STREAMS_A_SLICE, ids.length) - 1];
    take(days.all(first, last, day, today));
    take(hours.all(first, last, hour, day * hoursADay));
    yield;
  }
  return found;
}

function withOpen(
  stored: ReadonlyMap<number, Sums>,
  open: OpenSums | null,
  hour: number,
  thisHour: number,
): Map<number, Sums> {
  const sums = new Map<number, Sums>();
  for (const [id, values] of stored) sums.set(id, values.slice());
  for (const [id, values] of openSums(open, hour, thisHour)) addTo(sums, id, values);
  return sums;
}

/** What is not in the tables yet, from an hour on. */
function* openSums(
  open: OpenSums | null,
  hour: number,
  thisHour: number,
): Generator<[stream: number, sums: Sums]> {
  const entries = open?.entries ?? [];
  for (let offset = 0; offset < entries.length; offset += SNAPSHOT_STRIDE) {
    const at = entries[offset + 1] as number;
    if (at < hour || at > thisHour) continue;
    yield [entries[offset] as number, (entries as Float64Array).subarray(offset + 2, offset + 2 + ROLLED)];
  }
}

/** Time in which nobody watched, or nothing was known yet: of few spans, however long they are. */
function addUnwatched(sums: Map<number, Sums>, data: HistoryData, from: number, to: number): void {
  const spans = data.statements.unwatched.all({ from, to }) as [stream: number, state: number, ms: number][];
  for (const [stream, code, ms] of spans) {
    const sum = sumOf(sums, stream);
    const field = FIELDS.ms + STATE_CODES[stateOfCode(code)];
    sum[field] = (sum[field] as number) + ms;
  }
}

function addTo(sums: Map<number, Sums>, id: number, values: ArrayLike<number>): void {
  add(sumOf(sums, id), values);
}

function sumOf(sums: Map<number, Sums>, id: number): Sums {
  let sum = sums.get(id);
  if (!sum) sums.set(id, (sum = new Float64Array(SUMS)));
  return sum;
}

function add(sum: Sums, values: ArrayLike<number>): void {
  for (let field = 0; field < values.length; field++)
    sum[field] = (sum[field] as number) + (values[field] as number);
}

function total(sums: ReadonlyMap<number, Sums> | undefined, ids: readonly number[]): Sums {
  const all = new Float64Array(SUMS);
  for (const id of ids) {
    const values = sums?.get(id);
    if (values) add(all, values);
  }
  return all;
}

function watchedStreams(data: HistoryData, stream: string | null): UptimeStream[] {
  const all = data.db
    .prepare(`SELECT id, name, "group" FROM streams WHERE removed IS NULL ORDER BY id`)
    .all() as UptimeStream[];
  if (stream === null) return all;
  const found = all.filter(({ name }) => name === stream);
  if (found.length === 0) throw noStream(stream);
  return found;
}

function fromHour(window: Window, now: number): number {
  return hourOf(now) - WINDOWS[window];
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

function samplesOf(sums: Sums): { ok: number; total: number } {
  const [up = 0, degraded = 0, down = 0, ok = 0] = sums;
  return { ok, total: up + degraded + down };
}

function renderSums(sums: Sums): object {
  const ms = Object.fromEntries(
    STATES.map((state) => [state, sums[FIELDS.ms + STATE_CODES[state]] as number]),
  );
  const { ok, total } = samplesOf(sums);
  const watched = (ms.up ?? 0) + (ms.degraded ?? 0) + (ms.down ?? 0);
  return {
    uptime: share(ms.up ?? 0, watched),
    samples: { ok, total, ratio: share(ok, total) },
    ms,
  };
}

/** Six decimals; null where there is nothing to share. */
function share(part: number, whole: number): number | null {
  return whole <= 0 ? null : Math.round((part / whole) * 1e6) / 1e6;
}
