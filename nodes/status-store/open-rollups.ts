import type { Database, Statement } from "better-sqlite3";
import { addCheck, addTime, DAY_MS, HOUR_MS, ROLLUP_SIZE, rollupOf, type Rollup } from "./rollup";
import { RollupTable } from "./rollup-table";

/** What is not in the tables yet, of one stream. */
interface Account {
  /** The state that it is in; null while it is not watched. */
  state: number | null;
  /** Its time is counted up to here, epoch milliseconds. */
  until: number;
  /** Its checks are counted up to this row of `recent`. */
  row: number;
  hours: Map<number, Rollup>;
  /** Up to which row and time the tables count, as `rolled` says. */
  rolled: Rolled;
}

interface Rolled {
  row: number;
  until: number;
}

/** Time is added up each hour, and a few days late at most: what seems to be longer comes from a clock that was wrong. */
const LONGEST_WATCH_MS = 100 * DAY_MS;

/** One entry of a snapshot: stream, hour, then a rollup. */
export const SNAPSHOT_STRIDE = 2 + ROLLUP_SIZE;

/**
 * Adds up checks and time as they are written, and puts the sums into the tables once an hour: a row a check would cost
 * a page of log each. What a crash takes is counted again from `recent` and `spans`, from where `rolled` says.
 */
export class OpenRollups {
  private readonly accounts = new Map<number, Account>();
  private readonly table: RollupTable;
  private readonly setRolled: Statement<[number, number, number]>;
  private readonly findRolled: Statement<[number], Rolled>;

  constructor(db: Database) {
    this.table = new RollupTable(db);
    this.setRolled = db.prepare("INSERT OR REPLACE INTO rolled VALUES (?, ?, ?)");
    this.findRolled = db.prepare("SELECT row, until FROM rolled WHERE stream = ?");
    this.recover(db);
  }

  /** @param row the check's row in `recent` */
  addCheck(
    stream: number,
    row: number,
    at: number,
    state: number,
    ok: number,
    latencyMs: number | null,
  ): void {
    const account = this.account(stream, at);
    if (row <= account.row) return;
    account.row = row;
    addCheck(rollupOf(account.hours, Math.floor(at / HOUR_MS)), state, ok, latencyMs);
  }

  /** The stream is in this state from then on. A time that was counted already is counted anew. */
  enter(stream: number, at: number, state: number): void {
    const account = this.account(stream, at);
    this.settle(stream, account, at);
    account.state = state;
  }

  leave(stream: number, at: number): void {
    const account = this.account(stream, at);
    this.settle(stream, account, at);
    account.state = null;
  }

  /** Nothing counts before this row of `recent` and this time. What stands in the tables stays. */
  forget(stream: number, row: number, at: number): void {
    const account = this.account(stream, at);
    account.hours.clear();
    account.row = Math.max(row, account.row);
    account.until = at;
    this.setRolledTo(stream, account, { row: account.row, until: at });
  }

  /** The stream is there no longer. */
  drop(stream: number): void {
    this.accounts.delete(stream);
  }

  /**
   * Puts the sums of some streams into the tables; the caller holds the transaction.
   * @param after the streams with a larger id
   * @returns the last id, undefined when no stream is left
   */
  flush(after: number, most: number, now: number): number | undefined {
    const ids = [...this.accounts.keys()].filter((id) => id > after).sort((a, b) => a - b);
    const some = ids.slice(0, most);
    for (const id of some) {
      const account = this.accounts.get(id) as Account;
      if (now > account.until) this.settle(id, account, now);
      this.table.add(id, account.hours);
      this.setRolledTo(id, account, { row: account.row, until: account.until });
      account.hours.clear();
      if (account.state === null) this.accounts.delete(id);
    }
    if (some.length > 0) this.table.changed();
    return some.at(-1);
  }

  /** What readers have added up of the tables is not all that they want to know now. The caller holds the transaction. */
  changed(): void {
    this.table.changed();
  }

  /** All that is not in the tables, SNAPSHOT_STRIDE numbers for each stream and hour. */
  snapshot(now: number): Float64Array<ArrayBuffer> {
    let entries = 0;
    for (const [stream, account] of this.accounts) {
      if (now > account.until) this.settle(stream, account, now);
      entries += account.hours.size;
    }
    const all = new Float64Array(entries * SNAPSHOT_STRIDE);
    let offset = 0;
    for (const [stream, { hours }] of this.accounts) {
      for (const [hour, rollup] of hours) {
        all[offset] = stream;
        all[offset + 1] = hour;
        all.set(rollup, offset + 2);
        offset += SNAPSHOT_STRIDE;
      }
    }
    return all;
  }

  private account(stream: number, at: number): Account {
    let account = this.accounts.get(stream);
    if (!account) {
      const rolled = this.findRolled.get(stream) ?? { row: 0, until: -Infinity };
      account = { state: null, until: at, row: rolled.row, hours: new Map(), rolled };
      this.accounts.set(stream, account);
    }
    return account;
  }

  /** Counts the time since the last time for the state that holds; takes it back where that was counted too far. */
  private settle(stream: number, account: Account, at: number): void {
    const { state, until, hours, rolled } = account;
    const stored = Math.min(until, rolled.until);
    if (state !== null) {
      if (at >= until) addWatched(hours, state, until, at);
      else addWatched(hours, state, Math.max(at, stored), until, -1);
    }
    account.until = at;
    if (at >= stored) return;
    // what stands in the tables at once: after a crash it would be counted from there on
    if (state !== null) {
      const back = new Map<number, Rollup>();
      addWatched(back, state, at, stored, -1);
      this.table.add(stream, back);
      this.table.changed();
    }
    this.setRolledTo(stream, account, { row: rolled.row, until: at });
  }

  private setRolledTo(stream: number, account: Account, rolled: Rolled): void {
    account.rolled = rolled;
    this.setRolled.run(stream, rolled.row, rolled.until);
  }

  private recover(db: Database): void {
    const rolled = db.prepare("SELECT stream, row, until FROM rolled").all() as {
      stream: number;
      row: number;
      until: number;
    }[];
    for (const { stream, row, until } of rolled) {
      this.accounts.set(stream, { state: null, until, row, hours: new Map(), rolled: { row, until } });
    }
    // what is being forgotten stands there until its slice comes
    const rows = db
      .prepare(
        `SELECT stream, row, at, state, v22_ok, latency FROM recent
         WHERE stream IN (SELECT id FROM streams) ORDER BY row`,
      )
      .raw();
    for (const row of rows.iterate() as Iterable<[number, number, number, number, number, number | null]>) {
      this.addCheck(...row);
    }
    this.recoverTime(db);
    for (const [id, { state, hours }] of this.accounts) {
      if (state === null && hours.size === 0) this.accounts.delete(id);
    }
  }

  private recoverTime(db: Database): void {
    // time of before a stream was first watched comes from an import, which has put it into the tables itself
    const streams = db
      .prepare(
        `SELECT streams.id, coalesce(rolled.until, streams.created) AS until
         FROM streams LEFT JOIN rolled ON rolled.stream = streams.id`,
      )
      .all() as { id: number; until: number }[];
    const newestFirst = db.prepare(
      `SELECT start, "end", state FROM spans WHERE stream = ? ORDER BY start DESC`,
    );
    for (const { id: stream, until } of streams) {
      for (const span of newestFirst.iterate(stream) as Iterable<{
        start: number;
        end: number | null;
        state: number;
      }>) {
        if (span.end !== null && span.end <= until) break;
        const from = Math.max(span.start, until);
        const account = this.account(stream, from);
        if (span.end !== null) addWatched(account.hours, span.state, from, span.end);
        else {
          account.state = span.state;
          account.until = from;
        }
      }
    }
  }
}

function addWatched(...args: Parameters<typeof addTime>): void {
  const [, , from, to] = args;
  if (to - from <= LONGEST_WATCH_MS) addTime(...args);
}
