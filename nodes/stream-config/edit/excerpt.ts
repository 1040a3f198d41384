import type { SplitConfig } from "../split-entries";
import type { Splice } from "./yaml-editor";

/** So much of a config.yaml as an edit has to see. */
export interface Excerpt {
  text: string;
  /** Where an entry of the whole list stands in the excerpt's. */
  placeOf(index: number): number;
  /** The same splice for the whole text. */
  toWhole: (splice: Splice) => Splice;
}

/** A piece of the whole text; in characters. */
interface Segment {
  start: number;
  whole: number;
  length: number;
}

/**
 * The settings and some of the entries. The last entry is always there, because what is added at the end of the list
 * or of the file comes behind it.
 */
export function excerptOf(
  text: string,
  split: SplitConfig | undefined,
  entries: ReadonlySet<number>,
): Excerpt {
  if (!split) return { text, placeOf: (index) => index, toWhole: (splice) => splice };
  const last = split.entries.length - 1;
  const chosen = [...new Set([...entries, last])].sort((a, b) => a - b);
  const places = new Map(chosen.map((index, place) => [index, place]));
  const segments: Segment[] = [{ start: 0, whole: 0, length: split.cut }];
  let start = split.cut;
  let pieces = split.frame.slice(0, split.cut);
  for (const index of chosen) {
    const { text: piece, offset } = split.entries[index] as SplitConfig["entries"][number];
    segments.push({ start, whole: offset, length: piece.length });
    pieces += piece;
    start += piece.length;
  }
  const tail = split.frame.slice(split.cut);
  segments.push({ start, whole: text.length - tail.length, length: tail.length });
  return {
    text: pieces + tail,
    placeOf: (index) => places.get(index) ?? -1,
    toWhole: (splice) => toWhole(segments, splice),
  };
}

/** What begins or ends at a border belongs to the piece before it: new lines come below old ones. */
function toWhole(segments: readonly Segment[], { start, end, text }: Splice): Splice {
  const wholeOf = (offset: number) => {
    const segment = segments.findLast((candidate) => candidate.start <= offset && candidate.length > 0);
    return segment ? segment.whole + offset - segment.start : offset;
  };
  const behind = (offset: number) => (offset === 0 ? 0 : wholeOf(offset - 1) + 1);
  return { start: start === end ? behind(start) : wholeOf(start), end: behind(end), text };
}
