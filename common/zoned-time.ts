/**
 * Writes times as v2.2 did: ISO 8601 with microseconds and the offset of a time zone, such as
 * `2026-11-22T12:12:13.359000+05:30`. Asking ICU for an offset takes longer than everything else about a status line,
 * so offsets are remembered for quarters of a day.
 */

const QUARTER_DAY_MS = 6 * 3600 * 1000;
const MOST_REMEMBERED = 2000;
/** The last millisecond of the year 9999: ISO 8601 with four digits, and no Date is invalid. */
const LAST_MS = 253_402_214_400_000;

export class ZonedTime {
  private readonly offsetFormat: Intl.DateTimeFormat;
  /** Quarter of a day → its offset in seconds; null where the offset changes within it. */
  private readonly offsets = new Map<number, number | null>();

  /** @param timezone IANA name */
  constructor(readonly timezone: string) {
    this.offsetFormat = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  }

  /** @param atMs epoch milliseconds; what lies outside the years 1970 to 9999 is shown as its nearest end */
  format(atMs: number): string {
    const at = Math.min(Math.max(atMs, 0), LAST_MS);
    const offset = this.offsetSeconds(at);
    const local = new Date(at + offset * 1000).toISOString();
    return `${local.slice(0, 23)}000${offsetText(offset)}`;
  }

  /** What has to be added to UTC at that time, in seconds. */
  offsetSeconds(atMs: number): number {
    const quarter = Math.floor(atMs / QUARTER_DAY_MS);
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      if (this.offsets.size >= MOST_REMEMBERED) this.offsets.clear();
      const first = this.askOffset(quarter * QUARTER_DAY_MS);
      const next = this.askOffset((quarter + 1) * QUARTER_DAY_MS);
      offset = first === next ? first : null;
      this.offsets.set(quarter, offset);
    }
    return offset ?? this.askOffset(atMs);
  }

  private askOffset(atMs: number): number {
    const name = this.offsetFormat.formatToParts(atMs).find(({ type }) => type === "timeZoneName")?.value;
    const match = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name ?? "");
    if (!match) return 0;
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
    return match[1] === "-" ? -seconds : seconds;
  }
}

function offsetText(offset: number): string {
  const rest = Math.abs(offset);
  const seconds = rest % 60;
  const text = `${offset < 0 ? "-" : "+"}${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}`;
  return seconds === 0 ? text : `${text}:${two(seconds)}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
