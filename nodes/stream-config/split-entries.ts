/**
 * Cuts a config.yaml into its frame and the entries of `streams:`, which then can be read one by one: a parser of YAML
 * takes a second and 200 MB for 10,000 entries at once, and for one that was changed a millisecond.
 *
 * Only what reads the same in pieces is cut: entries as a block list below `streams:` at the beginning of a line, and
 * nothing in the file that reaches from one piece into another (anchors, aliases, tags, directives).
 */
export interface SplitConfig {
  /** The text without the entries. */
  frame: string;
  /** Where they stood, in characters of `frame`. */
  cut: number;
  /** In lines of `frame`, from 1: the last line before them. */
  cutLine: number;
  entries: SplitEntry[];
  /** How many lines all of them have. */
  lines: number;
}

export interface SplitEntry {
  /** Whole lines, with the line end of the last. */
  text: string;
  /** Of its first line in the whole text, from 1. */
  line: number;
  /** In characters of the whole text. */
  offset: number;
}

const STREAMS_KEY = /^(?:streams|"streams"|'streams')[ \t]*:/gm;
const STREAMS_LINE = /^streams:[ \t]*(?:#[^\n]*)?\r?$/;
/** An anchor, an alias or a tag; a block scalar that keeps its empty lines; a directive; a tab as indentation. */
const REACHES_FURTHER = /(?:^|[\s,[{])[&*!][^\s&]|[|>]\d*\+|^%|^[ ]*\t|\r(?!\n)/m;
const KEY_LINE = /^(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')[ \t]*:(?:\s|$)/;

/** @returns undefined when the text has to be read whole */
export function splitConfig(text: string): SplitConfig | undefined {
  if (text.match(STREAMS_KEY)?.length !== 1 || REACHES_FURTHER.test(text)) return undefined;
  const start = text.search(STREAMS_KEY);
  const scan = new Scan(text, start);
  if (!STREAMS_LINE.test(scan.line.trimEnd())) return undefined;
  scan.next();
  while (!scan.ended && isEmptyOrComment(scan.line)) scan.next();
  const indent = /^ *(?=- |-\r?$)/.exec(scan.line)?.[0].length;
  if (indent === undefined || scan.ended) return undefined;

  const cut = scan.offset;
  const cutLine = scan.number - 1;
  const entries: SplitEntry[] = [];
  // behind the last line that belongs to an entry: comments after it belong to what follows
  let end = cut;
  let endLine = cutLine;
  for (; !scan.ended; scan.next()) {
    const { line } = scan;
    const depth = line.search(/[^ ]/);
    if (isEmptyOrComment(line)) {
      if (line.trim() === "" || depth <= indent) continue;
    } else if (depth === indent && isDash(line, depth)) {
      entries.push({ text: "", line: scan.number, offset: scan.offset });
    } else if (depth <= indent) {
      if (depth !== 0 || !KEY_LINE.test(line)) return undefined;
      break;
    }
    end = scan.offset + line.length;
    endLine = scan.number;
  }
  for (const [index, entry] of entries.entries()) {
    entry.text = text.slice(entry.offset, entries[index + 1]?.offset ?? end);
  }
  return { frame: text.slice(0, cut) + text.slice(end), cut, cutLine, entries, lines: endLine - cutLine };
}

function isEmptyOrComment(line: string): boolean {
  return /^[ ]*(?:#|\r?\n?$)/.test(line);
}

function isDash(line: string, at: number): boolean {
  return line[at] === "-" && /^[ \r\n]?$/.test(line[at + 1] ?? "");
}

/** Line after line, each with its line end. */
class Scan {
  line = "";
  number: number;

  constructor(
    private readonly text: string,
    public offset: number,
  ) {
    this.number = text.slice(0, offset).split("\n").length;
    this.read();
  }

  get ended(): boolean {
    return this.offset >= this.text.length;
  }

  next(): void {
    this.offset += this.line.length;
    this.number++;
    this.read();
  }

  private read(): void {
    const end = this.text.indexOf("\n", this.offset);
    this.line = this.text.slice(this.offset, end < 0 ? undefined : end + 1);
  }
}
