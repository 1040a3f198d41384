import { isDeepStrictEqual } from "node:util";
import {
  mediaSchema,
  type Check,
  type Level,
  type Media,
  type Reason,
  type State,
  type Timings,
} from "../../contracts";
import { pythonString } from "./render-status";
import type { Seed, StoredCheck } from "./store-messages";

/** A check as it was made, or as the database gave it back after a start, without timings and level. */
export type LastCheck = Check | (StoredCheck & { timings: Timings; level: null });

/** What is known of one stream. */
export interface StreamEntry {
  /** Null while the database has not given one yet. */
  id: number | null;
  readonly name: string;
  /** Its place in config.yaml, from 0. */
  position: number;
  /** The name as /api/status writes it. */
  readonly quotedName: string;
  /** Scheme and host of its URL. */
  url: string;
  protocol: "rtsp" | "http";
  enabled: boolean;
  group?: string;
  tags: readonly string[];
  /** Confirmed; `pending` before the first verdict. */
  state: State;
  reason: Reason | null;
  /** Epoch milliseconds; null while nothing was confirmed. */
  since: number | null;
  level: Level | null;
  /** With `flaps`, how often, while it goes up and down again and again. */
  flapping?: true;
  flaps?: number;
  last: LastCheck | null;
  /** What the picture consists of, from the last check that saw one. */
  media: Media | null;
  /** Counts the changes of all streams; this is the number of its last one. */
  version: number;
  /** Its member of the answers with a comma in front, until it changes. */
  statusMember?: Buffer;
  streamMember?: Buffer;
}

/** A stream of which nothing was heard yet. */
export const unseen = {
  id: null,
  state: "pending",
  reason: null,
  since: null,
  level: null,
  last: null,
  media: null,
} as const;

/** Whether they differ in what config.yaml says of a stream. */
export function differ(one: StreamEntry, other: StreamEntry): boolean {
  const keys = ["position", "url", "enabled", "group"] as const;
  return keys.some((key) => one[key] !== other[key]) || !isDeepStrictEqual(one.tags, other.tags);
}

/** A stream as the database knew it, without what only config.yaml says. */
export function fromSeed({ name, origin, protocol }: Seed, position: number): StreamEntry {
  const known = { name, position, quotedName: pythonString(name), url: origin, protocol };
  return { ...unseen, ...known, enabled: true, tags: [], version: 0 };
}

/**
 * Fills what has not been heard since.
 * @returns true when anything changed by it
 */
export function sow(entry: StreamEntry, { id, confirmed, last, media }: Seed): boolean {
  const before = { ...entry };
  entry.id = id;
  if (entry.since === null && confirmed) Object.assign(entry, confirmed);
  // a newer program may have written facts that this one does not know
  entry.media ??= (media && mediaSchema.safeParse(media).data) || null;
  if (entry.last === null && last) entry.last = { ...last, timings: {}, level: null };
  const keys = ["id", "since", "media", "last"] as const;
  return keys.some((key) => entry[key] !== before[key]);
}
