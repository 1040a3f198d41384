import type { Database } from "better-sqlite3";
import { deleteOfStreams } from "./delete-of-streams";
import { DAY_MS, HOUR_MS } from "./rollup";
import type { Slices } from "./slices";
import type { Retention } from "./store-messages";

const PAGES_A_VACUUM = 200;
/** Pages that stay free for what comes next: returning and taking them again would write them twice. */
const FREE_PAGES = 2000;
const FREE_SHARE = 0.1;

/**
 * Deletes what is older than the settings say, a few rows at a time, and gives the room back to the disk. Incidents
 * are kept for ever.
 *
 * @param now epoch milliseconds
 */
export function* retain(db: Database, { checks_days, rollup_days }: Retention, now: number): Slices {
  const checksBefore = now - checks_days * DAY_MS;
  const rollupsBefore = now - rollup_days * DAY_MS;
  const sweeps = [
    ["checks", "at < @before", checksBefore],
    ["rollups", "hour < @before", Math.floor(rollupsBefore / HOUR_MS)],
    ["daily_rollups", "day < @before", Math.floor(rollupsBefore / DAY_MS)],
    ["spans", `start < @before AND "end" < @before`, rollupsBefore],
    ["transitions", "at < @before", rollupsBefore],
  ] as const;
  const streams = db.prepare("SELECT id FROM streams").pluck().all() as number[];
  for (const [table, condition, before] of sweeps) {
    const ends = streams.map((stream) => ({ stream, before }));
    yield* deleteOfStreams(db, table, condition, ends);
  }
  yield* shrink(db);
}

function* shrink(db: Database): Slices {
  const count = (what: "page_count" | "freelist_count") => Number(db.pragma(what, { simple: true }));
  for (;;) {
    const surplus = count("freelist_count") - Math.max(FREE_PAGES, FREE_SHARE * count("page_count"));
    if (surplus <= 0) return;
    // it frees a page a step, and a prepared statement would take one step only
    db.exec(`PRAGMA incremental_vacuum(${Math.min(PAGES_A_VACUUM, Math.ceil(surplus))})`);
    yield;
  }
}
