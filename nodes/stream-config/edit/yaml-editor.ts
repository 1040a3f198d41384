import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type CST,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { isWritten, YamlFile } from "../yaml-file";
import { blockLines, inlineText, keyText, pairTexts, type QuoteStyle } from "./yaml-text";

/** A piece of the text that is replaced; nothing else of it changes. */
export interface Splice {
  /** In characters; `end` is the first one that stays. */
  start: number;
  end: number;
  text: string;
}

/** The place is written in a way that this editor cannot change alone. */
export class UneditableError extends Error {}

type AnyPair = Pair<unknown, unknown> & { srcToken?: CST.CollectionItem };

/**
 * Changes values of a YAML text where they stand: what is not meant stays, to the character. Splices are
 * found by where the parser saw things; whoever uses them reads the outcome again and compares, since YAML has more ways
 * to write something than anybody has thought of.
 */
export class YamlEditor {
  readonly splices: Splice[] = [];
  private readonly lineEnd: string;
  private readonly dashes = new Map<YAMLSeq, number[]>();

  constructor(
    readonly yaml: YamlFile,
    private readonly text: string,
  ) {
    this.lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  }

  /** Sets a key, adds it, or with null takes it out. Of a value that is a map, and is one already, only the keys given. */
  setKey(map: YAMLMap, key: string, value: unknown): void {
    const pair = this.pairOf(map, key);
    if (!pair) {
      if (value !== null) this.addPairs(map, { [key]: value });
      else if (this.yaml.fields(map, () => {}).has(key)) this.addPairs(map, { [key]: null });
      return;
    }
    const before = pair.value as Node | null;
    if (value === null) this.removePair(map, pair);
    else if (isPlainMap(value) && isMap(before) && before.items.length > 0) this.setKeys(before, value);
    else this.setValue(map, pair, value);
  }

  setKeys(map: YAMLMap, values: Record<string, unknown>): void {
    const added: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(values)) {
      // new ones come together, in their order
      if (value !== null && !this.pairOf(map, key)) added[key] = value;
      else this.setKey(map, key, value);
    }
    if (Object.keys(added).length > 0) this.addPairs(map, added);
  }

  /** @param key where the list stands, or is to stand */
  addItems(map: YAMLMap, key: string, items: readonly object[]): void {
    const pair = this.pairOf(map, key);
    const list = (pair?.value ?? null) as Node | null;
    if (!pair) return this.addList(map, key, items);
    if (isSeq(list) && list.items.length > 0) return this.appendItems(list, items);
    if (map.flow) return this.setValue(map, pair, items);
    if (isWritten(list)) this.remove(this.afterColon(pair), this.endOf(list, 0));
    this.insertLines(this.afterColon(pair), this.itemLines(items, this.columnOf(this.start(pair.key))));
  }

  /** @param isEmptied nothing is left of the list in the whole file */
  removeItems(map: YAMLMap, key: string, indexes: ReadonlySet<number>, isEmptied: boolean): void {
    const pair = this.pairOf(map, key);
    const list = pair?.value;
    if (!pair || !isSeq(list)) throw new UneditableError();
    if (list.flow) {
      if (isEmptied) return this.setValue(map, pair, []);
      return this.removeFlowItems(
        list.items.map((item) => [this.start(item), this.endOf(item, this.start(item))]),
        indexes,
      );
    }
    for (const index of indexes) {
      const dash = this.dashOf(list, index);
      const start = this.lineStart(dash);
      if (this.text.slice(start, dash).trim() !== "") throw new UneditableError();
      const end = this.nextLine(this.endOf(list.items[index], dash + 1));
      this.remove(start, this.skipComments(end, dash - start));
    }
    if (isEmptied) this.insert(this.afterColon(pair), " []");
  }

  private setValue(map: YAMLMap, pair: AnyPair, value: unknown): void {
    const before = pair.value as Node | null;
    const colon = this.afterColon(pair);
    const style = { flow: map.flow === true, json: this.isJson(map), quotes: quotesOf(before) };
    const isBlock = (isMap(before) || isSeq(before)) && !before.flow;
    if (isPlainMap(value) && !style.flow && !isWritten(before)) {
      const indent = this.columnOf(this.start(pair.key)) + 2;
      return this.insertLines(colon, indented(blockLines(value), indent));
    }
    if (Array.isArray(value) && value.length > 0 && isSeq(before) && isBlock) {
      const start = this.start(before);
      const column = this.columnOf(start);
      const lines = value.map((entry) => `- ${inlineText(entry, { flow: false })}`);
      return this.replace(start, this.endOf(before, start), lines.join(this.lineEnd + " ".repeat(column)));
    }
    const text = inlineText(value, style);
    if (!isWritten(before)) return this.insert(colon, ` ${text}`);
    if (!isBlock) return this.replace(this.start(before), this.endOf(before, colon), text);
    // what stands behind the colon stays: a comment
    this.insert(colon, ` ${text}`);
    this.remove(this.lineEndAt(colon), this.endOf(before, colon));
  }

  private addPairs(map: YAMLMap, values: Record<string, unknown>): void {
    const last = map.items.at(-1) as AnyPair | undefined;
    if (!map.flow) {
      if (!last) throw new UneditableError();
      const indent = this.columnOf(this.start((map.items[0] as AnyPair).key));
      return this.insertLines(this.pairEnd(last), indented(blockLines(values, this.step(map)), indent));
    }
    const style = { flow: true, json: this.isJson(map) };
    const texts = pairTexts(values, style);
    if (!last) return this.insert(this.start(map) + 1, texts.join(", "));
    this.insertAmong(this.start(last.key), this.pairEnd(last), texts);
  }

  private addList(map: YAMLMap, key: string, items: readonly object[]): void {
    if (map.flow) return this.addPairs(map, { [key]: items });
    const last = map.items.at(-1) as AnyPair | undefined;
    if (!last) throw new UneditableError();
    const indent = this.columnOf(this.start((map.items[0] as AnyPair).key));
    const lines = [" ".repeat(indent) + `${keyText(key, { flow: false })}:`, ...this.itemLines(items, indent)];
    this.insertLines(this.pairEnd(last), lines);
  }

  private appendItems(list: YAMLSeq, items: readonly object[]): void {
    const last = list.items.at(-1) as Node;
    const style = { flow: true, json: isMap(last) && this.isJson(last) };
    if (list.flow) {
      const end = this.endOf(last, this.start(last));
      const texts = items.map((item) => inlineText(item, style));
      return this.insertAmong(this.start(last), end, texts);
    }
    const dash = this.dashOf(list, list.items.length - 1);
    const column = this.columnOf(dash);
    const isInline = isMap(last) && last.flow === true;
    const lines = isInline
      ? items.map((item) => `${" ".repeat(column)}- ${inlineText(item, style)}`)
      : this.itemLines(items, column);
    this.insertLines(this.endOf(last, dash + 1), lines);
  }

  /** A list of maps as lines. */
  private itemLines(items: readonly object[], column: number): string[] {
    return items.flatMap((item) =>
      blockLines(item).map((line, index) => " ".repeat(column) + (index === 0 ? "- " : "  ") + line),
    );
  }

  /** Into […] or {…}: on a line of its own where the one before has one. */
  private insertAmong(lastStart: number, lastEnd: number, texts: readonly string[]): void {
    const column = this.columnOf(lastStart);
    const stands = this.text.slice(lastStart - column, lastStart).trim() === "" && column > 0;
    const between = stands ? `,${this.lineEnd}${" ".repeat(column)}` : ", ";
    this.insert(lastEnd, texts.map((text) => between + text).join(""));
  }

  private removePair(map: YAMLMap, pair: AnyPair): void {
    const index = map.items.indexOf(pair as Pair);
    if (map.flow) {
      const ranges = (map.items as AnyPair[]).map((item): [number, number] => [
        this.start(item.key),
        this.pairEnd(item),
      ]);
      return this.removeFlowItems(ranges, new Set([index]));
    }
    const start = this.start(pair.key);
    const line = this.lineStart(start);
    const end = this.pairEnd(pair);
    if (this.text.slice(line, start).trim() === "") return this.remove(line, this.nextLine(end));
    const next = map.items[index + 1] as AnyPair | undefined;
    const nextStart = next && this.start(next.key);
    // the first key behind a dash: the second takes its place, or it stays without a value
    if (nextStart !== undefined && this.text.slice(end, nextStart).trim() === "") this.remove(start, nextStart);
    else this.remove(this.afterColon(pair), end);
  }

  /** Takes entries of […] or {…} out, each with one comma. */
  private removeFlowItems(ranges: readonly [number, number][], indexes: ReadonlySet<number>): void {
    const kept = ranges.map((_, index) => index).filter((index) => !indexes.has(index));
    for (const index of indexes) {
      const [start, end] = ranges[index] as [number, number];
      const next = ranges[index + 1];
      const isBehindAllKept = kept.every((other) => other < index);
      const before = ranges[index - 1];
      if (next && !isBehindAllKept) this.remove(start, next[0]);
      else if (before && (kept.length > 0 || index > 0)) this.remove(before[1], end);
      else this.remove(start, end);
    }
  }

  private pairOf(map: YAMLMap, key: string): AnyPair | undefined {
    // of a key that is set twice the last one counts
    return (map.items as AnyPair[]).findLast((pair) => {
      const name = this.yaml.resolve(pair.key);
      return isScalar(name) && (typeof name.value === "string" ? name.value : name.source) === key;
    });
  }

  private isJson(map: YAMLMap): boolean {
    const first = map.items[0]?.key;
    return map.flow === true && isScalar(first) && first.type === "QUOTE_DOUBLE";
  }

  /** How far inner maps of this one are indented. */
  private step(map: YAMLMap): number {
    const inner = map.items.map(({ value }) => value).find((value) => isMap(value) && !value.flow) as
      | YAMLMap
      | undefined;
    const first = inner?.items[0] as AnyPair | undefined;
    if (!first) return 2;
    return Math.max(1, this.columnOf(this.start(first.key)) - this.columnOf(this.start(map)));
  }

  private start(node: unknown): number {
    const start = (node as Node | null)?.range?.[0];
    if (start === undefined) throw new UneditableError();
    return start;
  }

  /** Behind the last character of a value; `otherwise` when it is not written. */
  private endOf(node: unknown, otherwise: number): number {
    if (!isWritten(node)) return otherwise;
    if (isMap(node) && !node.flow) return this.pairEnd(node.items.at(-1) as AnyPair);
    if (isSeq(node) && !node.flow) {
      const index = node.items.length - 1;
      return this.endOf(node.items[index], this.dashOf(node, index) + 1);
    }
    const [start, end] = (node as Node).range ?? [];
    if (start === undefined || end === undefined) throw new UneditableError();
    // a block scalar ends with its line end
    return start + this.text.slice(start, end).trimEnd().length;
  }

  private pairEnd(pair: AnyPair | undefined): number {
    if (!pair) throw new UneditableError();
    return this.endOf(pair.value, this.afterColon(pair));
  }

  private afterColon({ srcToken }: AnyPair): number {
    const colon = srcToken?.sep?.find(({ type }) => type === "map-value-ind");
    if (!colon) throw new UneditableError();
    return colon.offset + 1;
  }

  private dashOf(list: YAMLSeq, index: number): number {
    const dashes = this.dashes.get(list) ?? dashesOf(list);
    this.dashes.set(list, dashes);
    const dash = dashes[index];
    if (dash === undefined || dashes.length !== list.items.length) throw new UneditableError();
    return dash;
  }

  private lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  private columnOf(offset: number): number {
    return offset - this.lineStart(offset);
  }

  /** Before the line end. */
  private lineEndAt(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    if (end < 0) return this.text.length;
    return this.text[end - 1] === "\r" && end > offset ? end - 1 : end;
  }

  private nextLine(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end < 0 ? this.text.length : end + 1;
  }

  /** Comments below an entry that are indented as its keys are belong to it. */
  private skipComments(offset: number, dashColumn: number): number {
    const comments = new RegExp(`(?: {${dashColumn + 1},}#[^\\n]*(?:\\n|$))*`, "y");
    comments.lastIndex = offset;
    return offset + (comments.exec(this.text)?.[0].length ?? 0);
  }

  /** New lines below the one that this place is on, whose comment stays where it is. */
  private insertLines(offset: number, lines: readonly string[]): void {
    this.insert(this.lineEndAt(offset), lines.map((line) => this.lineEnd + line).join(""));
  }

  private insert(offset: number, text: string): void {
    this.splices.push({ start: offset, end: offset, text });
  }

  private remove(start: number, end: number): void {
    this.splices.push({ start, end, text: "" });
  }

  private replace(start: number, end: number, text: string): void {
    this.splices.push({ start, end, text });
  }
}

/** @throws UneditableError when two of them touch the same characters */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end);
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, text: piece } of ordered) {
    if (start < from) throw new UneditableError();
    parts.push(text.slice(from, start), piece);
    from = end;
  }
  return parts.join("") + text.slice(from);
}

function dashesOf(list: YAMLSeq): number[] {
  const token = list.srcToken as CST.BlockSequence | undefined;
  return (token?.items ?? [])
    .map(({ start }) => start.find(({ type }) => type === "seq-item-ind")?.offset)
    .filter((offset) => offset !== undefined);
}

function indented(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => " ".repeat(columns) + line);
}

function quotesOf(node: Node | null): QuoteStyle | undefined {
  const type = isScalar(node) && !isAlias(node) ? (node as Scalar).type : undefined;
  return type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE" ? type : undefined;
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
