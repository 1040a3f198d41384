import { createHash } from "node:crypto";

/** Where everything is published (DESIGN §8). */
export interface Topics {
  /** `mqtt.topic`: the status of all streams, as v2.2 published it. */
  status: string;
  /** `mqtt.topic` less its last level, with the site below it. */
  base: string;
  /** `online` or, as last will, `offline`. */
  bridgeStatus: string;
  /** JSON about StreamPulse itself. */
  bridgeState: string;
  /** One message a transition. */
  events: string;
}

/** The leaves of a stream's own topics. */
export type StreamLeaf = "state" | "image" | "check" | "enabled/set";

const LONGEST_SLUG = 64;

/** @param statusTopic one without fault */
export function topicsOf(statusTopic: string, site?: string): Topics {
  const slash = statusTopic.lastIndexOf("/");
  // a topic of one level has nothing above it, and the broker's root is not ours
  const root = slash < 0 ? statusTopic : statusTopic.slice(0, slash);
  const base = site ? `${root}/${siteLevel(site)}` : root;
  return {
    status: statusTopic,
    base,
    bridgeStatus: `${base}/bridge/status`,
    bridgeState: `${base}/bridge/state`,
    events: `${base}/events`,
  };
}

export function streamTopic({ base }: Pick<Topics, "base">, slug: string, leaf: StreamLeaf): string {
  return `${base}/streams/${slug}/${leaf}`;
}

/** Two sites without a Latin letter must not share a level. */
function siteLevel(site: string): string {
  return slugOf(site) || `site_${createHash("sha256").update(site).digest("hex").slice(0, 8)}`;
}

/** Letters that Unicode does not take apart. */
const LETTERS: Record<string, string> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i" },
};

/**
 * A name as one level of a topic: of `a-z`, `0-9`, `_` and `-` only, at most 64 characters; "" when nothing of the name
 * can be written so.
 */
export function slugOf(name: string): string {
  const lower = name.toLowerCase();
  // taking letters apart takes ten times as long as all else
  const plain = /^[\x20-\x7e]*$/.test(lower) ? lower : withoutMarks(lower);
  return plain
    .replace(/[^a-z0-9-]+/g, "_")
    .slice(0, LONGEST_SLUG)
    .replace(/^[_-]+|[_-]+$/g, "");
}

function withoutMarks(lower: string): string {
  return lower
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => LETTERS[letter] ?? "");
}

/** Whether something could be one that was made of a name. */
export function isSlug(text: string): boolean {
  return /^[a-z0-9_-]+$/.test(text);
}
