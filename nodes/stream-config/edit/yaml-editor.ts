import { isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { isWritten, type YamlFile } from "../yaml-file";
import { UneditableError, YamlPlaces, type AnyPair } from "./yaml-places";
import { blockLines, inlineText, keyText, pairTexts, type QuoteStyle } from "./yaml-text";

/** A piece of the text that is replaced; nothing else of it changes. */
export interface Splice {
  /** In characters; `end` is the first one that stays. */
  start: number;
  end: number;
  text: string;
}

/**
 * Changes values of a YAML text where they stand: what is not meant stays, to the character. Splices are
 * found by where the parser saw things; whoever uses them reads the outcome again and compares, since YAML has more ways
 * to write something than anybody has thought of.
 */
export class YamlEditor {
  readonly splices: Splice[] = [];
  private readonly lineEnd: string;
  private readonly at: YamlPlaces;

  constructor(
    readonly yaml: YamlFile,
    private readonly text: string,
  ) {
    this.lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
    this.at = new YamlPlaces(text);
  }

  /**
   * Sets keys, adds them, or with null takes them out. Of a value that is a map, and is one already, only the keys
   * given.
   */
  setKeys(map: YAMLMap, values: Record<string, unknown>): void {
    const pairs = map.items as AnyPair[];
    const out = new Set(Object.keys(values).filter((key) => values[key] === null));
    // a key that is set twice goes twice
    const removed = new Set(pairs.filter((pair) => out.has(this.keyOf(pair) ?? "")));
    this.removePairs(map, removed);
    const added: Record<string, unknown> = {};
    const fields = this.yaml.fields(map, () => {});
    for (const [key, value] of Object.entries(values)) {
      const pair = this.pairOf(map, key);
      if (value === null) {
        // one that is merged in (<<) can only be covered
        if (!pair && fields.has(key)) added[key] = null;
      } else if (!pair) added[key] = value;
      else if (isPlainMap(value) && isMap(pair.value) && pair.value.items.length > 0) {
        this.setKeys(pair.value, value);
      } else this.setValue(map, pair, value);
    }
    if (Object.keys(added).length > 0) {
      this.addPairs(
        map,
        added,
        pairs.findLast((pair) => !removed.has(pair)),
      );
    }
  }

  /** @param key where the list stands, or is to stand */
  addItems(map: YAMLMap, key: string, items: readonly object[]): void {
    const pair = this.pairOf(map, key);
    const list = (pair?.value ?? null) as Node | null;
    if (!pair) return this.addList(map, key, items);
    if (isSeq(list) && list.items.length > 0) return this.appendItems(list, items);
    if (map.flow) return this.setValue(map, pair, items);
    if (isWritten(list)) this.remove(this.at.afterColon(pair), this.at.endOf(list, 0));
    this.insertLines(
      this.at.afterColon(pair),
      this.itemLines(items, this.at.columnOf(this.at.start(pair.key))),
    );
  }

  /** @param isEmptied nothing is left of the list in the whole file */
  removeItems(map: YAMLMap, key: string, indexes: ReadonlySet<number>, isEmptied: boolean): void {
    const pair = this.pairOf(map, key);
    const list = pair?.value;
    if (!pair || !isSeq(list)) throw new UneditableError();
    if (list.flow) {
      if (isEmptied) return this.setValue(map, pair, []);
      return this.removeFlowItems(
        list.items.map((item) => [this.at.start(item), this.at.endOf(item, this.at.start(item))]),
        indexes,
      );
    }
    for (const index of indexes) {
      const dash = this.at.dashOf(list, index);
      const start = this.at.lineStart(dash);
      if (this.text.slice(start, dash).trim() !== "") throw new UneditableError();
      const end = this.at.nextLine(this.at.endOf(list.items[index], dash + 1));
      this.remove(start, this.at.skipComments(end, dash - start));
    }
    if (isEmptied) this.insert(this.at.afterColon(pair), " []");
  }

  private setValue(map: YAMLMap, pair: AnyPair, value: unknown): void {
    const before = pair.value as Node | null;
    const colon = this.at.afterColon(pair);
    const style = { flow: map.flow === true, json: this.isJson(map), quotes: quotesOf(before) };
    const isBlock = (isMap(before) || isSeq(before)) && !before.flow;
    if (isPlainMap(value) && !style.flow && !isWritten(before)) {
      const indent = this.at.columnOf(this.at.start(pair.key)) + 2;
      return this.insertLines(colon, indented(blockLines(value), indent));
    }
    if (Array.isArray(value) && value.length > 0 && isSeq(before) && isBlock) {
      const start = this.at.start(before);
      const column = this.at.columnOf(start);
      const lines = value.map((entry) => `- ${inlineText(entry, { flow: false })}`);
      return this.replace(start, this.at.endOf(before, start), lines.join(this.lineEnd + " ".repeat(column)));
    }
    const text = inlineText(value, style);
    if (!isWritten(before)) return this.insert(colon, ` ${text}`);
    if (!isBlock) return this.replace(this.at.start(before), this.at.endOf(before, colon), text);
    // what stands behind the colon stays: a comment
    this.insert(colon, ` ${text}`);
    this.remove(this.at.lineEndAt(colon), this.at.endOf(before, colon));
  }

  /** @param last the pair behind which they come */
  private addPairs(map: YAMLMap, values: Record<string, unknown>, last: AnyPair | undefined): void {
    if (!map.flow) {
      if (!last) throw new UneditableError();
      const indent = this.at.columnOf(this.at.start((map.items[0] as AnyPair).key));
      return this.insertLines(this.at.pairEnd(last), indented(blockLines(values, this.at.step(map)), indent));
    }
    const style = { flow: true, json: this.isJson(map) };
    const texts = pairTexts(values, style);
    if (!last) return this.insert(this.at.start(map) + 1, texts.join(", "));
    this.insertAmong(this.at.start(last.key), this.at.pairEnd(last), texts);
  }

  private addList(map: YAMLMap, key: string, items: readonly object[]): void {
    const last = map.items.at(-1);
    if (map.flow) return this.addPairs(map, { [key]: items }, last);
    if (!last) throw new UneditableError();
    const indent = this.at.columnOf(this.at.start((map.items[0] as AnyPair).key));
    const lines = [
      " ".repeat(indent) + `${keyText(key, { flow: false })}:`,
      ...this.itemLines(items, indent),
    ];
    this.insertLines(this.at.pairEnd(last), lines);
  }

  private appendItems(list: YAMLSeq, items: readonly object[]): void {
    const last = list.items.at(-1) as Node;
    const style = { flow: true, json: isMap(last) && this.isJson(last) };
    if (list.flow) {
      const end = this.at.endOf(last, this.at.start(last));
      const texts = items.map((item) => inlineText(item, style));
      return this.insertAmong(this.at.start(last), end, texts);
    }
    const dash = this.at.dashOf(list, list.items.length - 1);
    const column = this.at.columnOf(dash);
    const isInline = isMap(last) && last.flow === true;
    const lines = isInline
      ? items.map((item) => `${" ".repeat(column)}- ${inlineText(item, style)}`)
      : this.itemLines(items, column);
    this.insertLines(this.at.endOf(last, dash + 1), lines);
  }

  /** A list of maps as lines. */
  private itemLines(items: readonly object[], column: number): string[] {
    return items.flatMap((item) =>
      blockLines(item).map((line, index) => " ".repeat(column) + (index === 0 ? "- " : "  ") + line),
    );
  }

  /** Into […] or {…}: on a line of its own where the one before has one. */
  private insertAmong(lastStart: number, lastEnd: number, texts: readonly string[]): void {
    const column = this.at.columnOf(lastStart);
    const stands = this.text.slice(lastStart - column, lastStart).trim() === "" && column > 0;
    const between = stands ? `,${this.lineEnd}${" ".repeat(column)}` : ", ";
    this.insert(lastEnd, texts.map((text) => between + text).join(""));
  }

  private removePairs(map: YAMLMap, removed: ReadonlySet<AnyPair>): void {
    const pairs = map.items as AnyPair[];
    if (!map.flow) {
      for (const [index, pair] of pairs.entries()) {
        if (!removed.has(pair)) continue;
        if (index > 0 || this.at.isFirstOfLine(pair)) this.removeLines(pair);
        else return this.removeBehindDash(pairs, removed);
      }
      return;
    }
    const ranges = pairs.map((pair): [number, number] => [this.at.start(pair.key), this.at.pairEnd(pair)]);
    const indexes = [...removed].map((pair) => pairs.indexOf(pair));
    this.removeFlowItems(ranges, new Set(indexes));
  }

  private removeLines(pair: AnyPair): void {
    if (!this.at.isFirstOfLine(pair)) throw new UneditableError();
    this.remove(this.at.lineStart(this.at.start(pair.key)), this.at.nextLine(this.at.pairEnd(pair)));
  }

  /** The next key takes the place of those that go, or the first one stays without a value. */
  private removeBehindDash(pairs: readonly AnyPair[], removed: ReadonlySet<AnyPair>): void {
    const nextKept = pairs.findIndex((pair) => !removed.has(pair));
    const [first, next] = [pairs[0], pairs[nextKept]];
    const end = this.at.pairEnd(pairs[nextKept - 1]);
    const isPlain = next && this.text.slice(end, this.at.start(next.key)).trim() === "";
    if (first && isPlain) this.remove(this.at.start(first.key), this.at.start(next.key));
    else if (first) this.remove(this.at.afterColon(first), this.at.pairEnd(first));
    const rest = pairs.slice(isPlain ? nextKept : 1).filter((pair) => removed.has(pair));
    for (const pair of rest) this.removeLines(pair);
  }

  /** Takes entries of […] or {…} out, each with one comma. */
  private removeFlowItems(ranges: readonly [number, number][], indexes: ReadonlySet<number>): void {
    const lastKept = ranges.findLastIndex((_, index) => !indexes.has(index));
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (lastKept < 0 && first && last) return this.remove(first[0], last[1]);
    for (const index of indexes) {
      const [start, end] = ranges[index] as [number, number];
      // with the comma behind it, or behind the last that stays with the one before
      if (index < lastKept) this.remove(start, ranges[index + 1]?.[0] ?? end);
      else this.remove(ranges[index - 1]?.[1] ?? start, end);
    }
  }

  private pairOf(map: YAMLMap, key: string): AnyPair | undefined {
    // of a key that is set twice the last one counts
    return (map.items as AnyPair[]).findLast((pair) => this.keyOf(pair) === key);
  }

  private keyOf(pair: AnyPair): string | undefined {
    const name = this.yaml.resolve(pair.key);
    if (!isScalar(name)) return undefined;
    return typeof name.value === "string" ? name.value : name.source;
  }

  private isJson(map: YAMLMap): boolean {
    const first = map.items[0]?.key;
    return map.flow === true && isScalar(first) && first.type === "QUOTE_DOUBLE";
  }

  /** New lines below the one that this place is on, whose comment stays where it is. */
  private insertLines(offset: number, lines: readonly string[]): void {
    this.insert(this.at.lineEndAt(offset), lines.map((line) => this.lineEnd + line).join(""));
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

function indented(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => " ".repeat(columns) + line);
}

function quotesOf(node: Node | null): QuoteStyle | undefined {
  const type = isScalar(node) ? node.type : undefined;
  return type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE" ? type : undefined;
}

function isPlainMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
