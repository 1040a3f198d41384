import type { Values } from "./translate";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Units of durations: texts of `duration.<name>`. */
const UNITS = [
  ["days", DAY_MS],
  ["hours", HOUR_MS],
  ["minutes", MINUTE_MS],
  ["seconds", SECOND_MS],
] as const;

/** A name within a sentence: whatever direction its characters want, the sentence keeps its own (FSI and PDI of Unicode). */
export function isolated(name: string): string {
  return `\u2068${name}\u2069`;
}

/** Writes numbers, times and durations for people. */
export class Formatter {
  private readonly clockTime: Intl.DateTimeFormat;
  private readonly hourTime: Intl.DateTimeFormat;
  private readonly dateTime: Intl.DateTimeFormat;
  private readonly dayTime: Intl.DateTimeFormat;
  private readonly fullTime: Intl.DateTimeFormat;
  private readonly percents: Intl.NumberFormat[];
  private readonly numbers: Intl.NumberFormat;

  /** @param t finds the words for units of time */
  constructor(
    language: string,
    timeZone: string,
    private readonly t: (path: string, values?: Values) => string,
  ) {
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone } as const;
    this.clockTime = new Intl.DateTimeFormat(language, { ...clock, second: "2-digit" });
    this.hourTime = new Intl.DateTimeFormat(language, clock);
    this.dateTime = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone });
    this.dayTime = new Intl.DateTimeFormat(language, { ...clock, day: "numeric", month: "short" });
    this.fullTime = new Intl.DateTimeFormat(language, {
      ...clock,
      ...{ second: "2-digit", day: "numeric", month: "short", year: "numeric", timeZoneName: "short" },
    });
    this.percents = [0, 1, 2, 3].map(
      (digits) =>
        new Intl.NumberFormat(language, {
          style: "percent",
          minimumFractionDigits: digits,
          maximumFractionDigits: digits,
        }),
    );
    this.numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  }

  /** 14:03:22 */
  clock(atMs: number): string {
    return this.clockTime.format(atMs);
  }

  /** 3 May, 14:03 */
  day(atMs: number): string {
    return this.dayTime.format(atMs);
  }

  /** 3 May */
  date(atMs: number): string {
    return this.dateTime.format(atMs);
  }

  /** 14:03 */
  hour(atMs: number): string {
    return this.hourTime.format(atMs);
  }

  /** 3 May 2026, 14:03:22 CEST */
  full(atMs: number): string {
    return this.fullTime.format(atMs);
  }

  number(value: number): string {
    return this.numbers.format(value);
  }

  milliseconds(ms: number): string {
    return ms < 10_000
      ? `${this.numbers.format(Math.round(ms))} ms`
      : `${this.numbers.format(ms / SECOND_MS)} s`;
  }

  /**
   * A share as an uptime is read: 100 % only when nothing was missed, and the more digits the closer to it.
   * @param share 0 to 1; null: nothing is known
   */
  uptime(share: number | null | undefined): string {
    if (share === null || share === undefined) return "–";
    if (share === 0 || share === 1) return this.percent(share, 0);
    const digits = share >= 0.9995 ? 3 : share >= 0.99 ? 2 : 1;
    const scale = 10 ** (digits + 2);
    // 99.9996 % must not be shown as 100 %
    return this.percent(Math.floor(share * scale) / scale, digits);
  }

  /** The two largest units, as in "3 d 4 h", "12 min", "8 s". */
  duration(ms: number): string {
    const first = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
    if (first < 0) return this.t("duration.seconds", { n: 0 });
    const parts: string[] = [];
    let rest = ms;
    for (const [name, unitMs] of UNITS.slice(first, first + 2)) {
      const n = Math.floor(rest / unitMs);
      rest -= n * unitMs;
      if (n > 0 && !(name === "seconds" && ms >= 10 * MINUTE_MS))
        parts.push(this.t(`duration.${name}`, { n }));
    }
    return parts.join(" ");
  }

  /** The largest unit alone, for what ticks: "3 d", "12 min", "8 s". */
  age(ms: number): string {
    const [name, unitMs] = UNITS.find(([, unitMs]) => ms >= unitMs) ?? UNITS[3];
    return this.t(`duration.${name}`, { n: Math.max(0, Math.floor(ms / unitMs)) });
  }

  private percent(share: number, digits: number): string {
    return (this.percents[digits] as Intl.NumberFormat).format(share);
  }
}
