import type { State } from "../../../../contracts/reasons";
import type { ChangesPush, InfoPush, RowsPush, Shares, UptimePush } from "../../board-protocol";
import { toBoardRow, WORST_FIRST, type BoardRow } from "./board-row";

const MILLIONTHS = 1e6;

/** All that a page knows of the streams. Plain data: whoever shows it is told by `onChange`. */
export class BoardData {
  readonly rows = new Map<number, BoardRow>();
  /** All streams are here. */
  complete = false;
  info: InfoPush | null = null;
  uptimeOfAll: Shares = [null, null, null];
  /** Of 24 hours, by group. */
  readonly uptimeOfGroups = new Map<string | null, number | null>();
  private readonly keys = new Map<string, number>();
  private readonly uptimes = new Map<number, Shares>();
  /** While parts come, what was known before stays on the screen. */
  private arriving?: Map<number, BoardRow>;

  constructor(private readonly onChange: () => void) {}

  /** Shows what another one knew, until something newer comes. */
  adopt({ rows, complete, info, uptimeOfAll, uptimeOfGroups, uptimes }: BoardData): void {
    for (const row of rows.values()) this.put(row);
    Object.assign(this, { complete, info, uptimeOfAll });
    for (const [group, share] of uptimeOfGroups) this.uptimeOfGroups.set(group, share);
    for (const [key, shares] of uptimes) this.uptimes.set(key, shares);
  }

  byName(name: string): BoardRow | undefined {
    return this.rows.get(this.keys.get(name) ?? -1);
  }

  takeRows({ part, parts, rows }: RowsPush): void {
    if (part === 0) this.arriving = new Map();
    const arriving = (this.arriving ??= new Map<number, BoardRow>());
    for (const row of rows) arriving.set(row[0], toBoardRow(row, this.uptimes.get(row[0]) ?? null));
    if (part + 1 < parts) return;
    this.arriving = undefined;
    this.rows.clear();
    this.keys.clear();
    for (const row of arriving.values()) this.put(row);
    this.complete = true;
    this.onChange();
  }

  takeChanges({ rows, removed, checks }: ChangesPush): void {
    for (const encoded of rows) {
      const row = toBoardRow(encoded, this.uptimes.get(encoded[0]) ?? null);
      this.arriving?.set(row.key, row);
      this.put(row);
    }
    for (const key of removed) this.remove(key);
    for (let index = 0; index + 2 < checks.length; index += 3) {
      const [key, at, latency] = checks.slice(index, index + 3) as [number, number, number];
      const row = this.rows.get(key);
      if (!row?.check) continue;
      const check = { ...row.check, at, latencyMs: latency < 0 ? null : latency };
      this.rows.set(key, { ...row, check });
    }
    this.onChange();
  }

  takeUptime({ all, groups, streams }: UptimePush): void {
    this.uptimeOfAll = all;
    this.uptimeOfGroups.clear();
    for (const [group, share] of groups) this.uptimeOfGroups.set(group, share);
    for (let index = 0; index + 3 < streams.length; index += 4) {
      const [key, ...shares] = streams.slice(index, index + 4) as [number, number, number, number];
      const uptime = shares.map((share) => (share < 0 ? null : share / MILLIONTHS)) as Shares;
      this.uptimes.set(key, uptime);
      const row = this.rows.get(key);
      if (row) this.rows.set(key, { ...row, uptime });
    }
    this.onChange();
  }

  takeInfo(info: InfoPush): void {
    this.info = info;
    this.onChange();
  }

  /** How many streams are in each state, the worst first, without the states that none is in. */
  counts(): [State, number][] {
    const counts = new Map<State, number>();
    for (const { state } of this.rows.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
    return WORST_FIRST.flatMap((state) => (counts.has(state) ? [[state, counts.get(state) as number]] : []));
  }

  private put(row: BoardRow): void {
    const before = this.rows.get(row.key);
    // after a rename the name may belong to another stream already
    if (before && before.name !== row.name && this.keys.get(before.name) === row.key) {
      this.keys.delete(before.name);
    }
    this.rows.set(row.key, row);
    this.keys.set(row.name, row.key);
  }

  private remove(key: number): void {
    this.arriving?.delete(key);
    const row = this.rows.get(key);
    if (row && this.keys.get(row.name) === key) this.keys.delete(row.name);
    this.rows.delete(key);
    this.uptimes.delete(key);
  }
}
