import { Refusal } from "./refusal";
import type { SnapshotWish } from "./snapshots";

/** As long as v2.2's preview. */
const USUAL_SECONDS = 5;
export const MOST_SECONDS = 600;
const MOST_WIDTH = 4096;
const MOST_AGE_SECONDS = 3600;

type Parameters = Readonly<Record<string, unknown>>;

/** How long a preview lasts, in milliseconds. What is not known is passed over: pages add words to keep caches away. */
export function previewLasts({ seconds, keep }: Parameters): number | Refusal {
  if (seconds !== undefined) {
    const read = whole("seconds", seconds, 1, MOST_SECONDS);
    return read instanceof Refusal ? read : read * 1000;
  }
  if (keep === undefined || keep === "0" || keep === "false") return USUAL_SECONDS * 1000;
  if (keep === "1" || keep === "true" || keep === "") return MOST_SECONDS * 1000;
  return wrong("keep", "must be 1 or 0");
}

export function snapshotWish({ width, max_age }: Parameters): SnapshotWish | Refusal {
  const wish: SnapshotWish = {};
  if (width !== undefined) {
    const read = whole("width", width, 16, MOST_WIDTH);
    if (read instanceof Refusal) return read;
    wish.width = read;
  }
  if (max_age !== undefined) {
    const read = whole("max_age", max_age, 0, MOST_AGE_SECONDS);
    if (read instanceof Refusal) return read;
    wish.mostAgeMs = read * 1000;
  }
  return wish;
}

function whole(name: string, value: unknown, min: number, max: number): number | Refusal {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max) {
    return Number(text);
  }
  return wrong(name, `must be a whole number from ${min} to ${max}`);
}

function wrong(name: string, problem: string): Refusal {
  return new Refusal(400, "bad_parameter", `The parameter ${name} ${problem}.`);
}
