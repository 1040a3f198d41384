import { isMap, isSeq, type CST, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { isWritten } from "../yaml-file";

/** The place is written in a way that an editor cannot change alone. */
export class UneditableError extends Error {}

export type AnyPair = Pair<unknown, unknown> & { srcToken?: CST.CollectionItem };

/** Where things of a YAML text begin and end, in characters. Everything throws UneditableError where that cannot be told. */
export class YamlPlaces {
  private readonly dashes = new Map<YAMLSeq, number[]>();

  constructor(private readonly text: string) {}

  /** How far inner maps of this one are indented. */
  step(map: YAMLMap): number {
    const inner = map.items.map(({ value }) => value).find((value) => isMap(value) && !value.flow) as
      YAMLMap | undefined;
    const first = inner?.items[0];
    if (!first) return 2;
    return Math.max(1, this.columnOf(this.start(first.key)) - this.columnOf(this.start(map)));
  }

  start(node: unknown): number {
    const start = (node as Node | null)?.range?.[0];
    if (start === undefined) throw new UneditableError();
    return start;
  }

  /** Behind the last character of a value; `otherwise` when it is not written. */
  endOf(node: unknown, otherwise: number): number {
    if (!isWritten(node)) return otherwise;
    if (isMap(node) && !node.flow) return this.pairEnd(node.items.at(-1));
    if (isSeq(node) && !node.flow) {
      const index = node.items.length - 1;
      return this.endOf(node.items[index], this.dashOf(node, index) + 1);
    }
    const [start, end] = (node as Node).range ?? [];
    if (start === undefined || end === undefined) throw new UneditableError();
    // a block scalar ends with its line end
    return start + this.text.slice(start, end).trimEnd().length;
  }

  pairEnd(pair: AnyPair | undefined): number {
    if (!pair) throw new UneditableError();
    return this.endOf(pair.value, this.afterColon(pair));
  }

  afterColon({ srcToken }: AnyPair): number {
    const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind");
    if (!colon) throw new UneditableError();
    return colon.offset + 1;
  }

  dashOf(list: YAMLSeq, index: number): number {
    const dashes = this.dashes.get(list) ?? dashesOf(list);
    this.dashes.set(list, dashes);
    const dash = dashes[index];
    if (dash === undefined || dashes.length !== list.items.length) throw new UneditableError();
    return dash;
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  columnOf(offset: number): number {
    return offset - this.lineStart(offset);
  }

  /** Before the line end. */
  lineEndAt(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    if (end < 0) return this.text.length;
    return this.text[end - 1] === "\r" && end > offset ? end - 1 : end;
  }

  nextLine(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end < 0 ? this.text.length : end + 1;
  }

  /** Comments below an entry that are indented as its keys are belong to it. */
  skipComments(offset: number, dashColumn: number): number {
    const comments = new RegExp(`(?: {${dashColumn + 1},}#[^\\n]*(?:\\n|$))*`, "y");
    comments.lastIndex = offset;
    return offset + (comments.exec(this.text)?.[0].length ?? 0);
  }

  /** Whether nothing but spaces stands before a key. */
  isFirstOfLine(pair: AnyPair): boolean {
    const start = this.start(pair.key);
    return this.text.slice(this.lineStart(start), start).trim() === "";
  }
}

function dashesOf(list: YAMLSeq): number[] {
  const token = list.srcToken as CST.BlockSequence | undefined;
  return (token?.items ?? [])
    .map(({ start }) => start.find(({ type }) => type === "seq-item-ind")?.offset)
    .filter((offset) => offset !== undefined);
}
