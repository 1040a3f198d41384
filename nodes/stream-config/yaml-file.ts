import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from "yaml";
import type { Position } from "./problem";
import { AliasFault, resolveAliases } from "./yaml-aliases";
import { yamlFault } from "./yaml-faults";

/** A value under its key. */
export interface Field {
  /** Aliases are followed. */
  value: Node | null;
  /** Of the value as it is written; of the key when there is no value. */
  position: Position;
  keyPosition: Position;
}

export interface Fault {
  position: Position;
  message: string;
}

export interface YamlFileOptions {
  /** The line of the whole text that a line of this part of it is; both count from 1. */
  lineOf?: (line: number) => number;
  /** Keep where every character stands that is no value, for edits. */
  keepTokens?: boolean;
}

/** Told of what is wrong with a map's own keys; `key` is undefined when it is no text. */
export type OnKeyFault = (position: Position, key: string | undefined, message: string) => void;

/**
 * A YAML text and where everything in it stands. Reads maps as v2.2 did: of a key that is set twice the last one
 * counts, and `<<` merges other maps.
 */
export class YamlFile {
  private constructor(
    private readonly positionAt: (offset: number) => Position,
    private readonly aliases: Map<Alias, Node>,
    readonly root: Node | null,
    readonly warnings: readonly Fault[],
  ) {}

  /** @returns the first fault when the text is not YAML */
  static read(
    text: string,
    { lineOf = (line) => line, keepTokens = false }: YamlFileOptions = {},
  ): YamlFile | Fault {
    const lines = new LineCounter();
    const positionAt = (offset: number) => {
      const { line, col } = lines.linePos(offset);
      return { line: lineOf(Math.max(line, 1)), column: Math.max(col, 1) };
    };
    // the parser compares each key with all others of its map when it looks for twins: fields() does it in one step
    const document: Document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      keepSourceTokens: keepTokens,
    });
    const faults = (errors: Document["errors"] | Document["warnings"]) =>
      [...errors]
        .sort((a, b) => a.pos[0] - b.pos[0])
        .map(({ code, pos }) => {
          const position = positionAt(pos[0]);
          const lineStart = pos[0] - (position.column - 1);
          return { position, message: yamlFault(code, text.slice(lineStart, pos[0] + 1)) };
        });
    const [first] = faults(document.errors);
    if (first) return first;
    try {
      const aliases = text.includes("*") ? resolveAliases(document.contents) : new Map<Alias, Node>();
      return new YamlFile(positionAt, aliases, document.contents, faults(document.warnings));
    } catch (error) {
      if (!(error instanceof AliasFault)) throw error;
      return { position: positionAt(error.offset), message: error.message };
    }
  }

  resolve(node: unknown): Node | null {
    if (isAlias(node)) return this.aliases.get(node) ?? null;
    return (node as Node | null | undefined) ?? null;
  }

  positionOf(node: unknown): Position {
    return this.positionAt((node as Node | null)?.range?.[0] ?? 0);
  }

  /** The keys of a map with what they hold. */
  fields(map: YAMLMap, onFault: OnKeyFault): Map<string, Field> {
    const own = new Map<string, Field>();
    const merged: Map<string, Field>[] = [];
    for (const pair of map.items) {
      const keyNode = this.resolve(pair.key);
      const keyPosition = this.positionOf(pair.key);
      if (!isScalar(keyNode)) {
        onFault(keyPosition, undefined, "must be plain text; it is ignored");
        continue;
      }
      const key = typeof keyNode.value === "string" ? keyNode.value : (keyNode.source ?? "");
      if (key === "<<" && keyNode.type === "PLAIN") {
        merged.push(...this.mergedFields(pair.value, keyPosition, onFault));
        continue;
      }
      const first = own.get(key);
      if (first) {
        const where = `first on line ${first.keyPosition.line}`;
        onFault(keyPosition, key, `is set twice, ${where}: this one counts, so delete the other`);
      }
      const position = isWritten(pair.value) ? this.positionOf(pair.value) : keyPosition;
      own.set(key, { value: this.resolve(pair.value), position, keyPosition });
    }
    for (const fields of merged) {
      for (const [key, field] of fields) if (!own.has(key)) own.set(key, field);
    }
    return own;
  }

  /**
   * The value as plain data.
   * @param read what each text, number and so on becomes
   */
  plain(node: unknown, read: (scalar: Scalar) => unknown): unknown {
    const value = this.resolve(node);
    if (isScalar(value)) return read(value);
    if (isSeq(value)) return value.items.map((item) => this.plain(item, read));
    if (!isMap(value)) return null;
    const data: Record<string, unknown> = {};
    for (const [key, field] of this.fields(value, () => {})) {
      // as a property it would change the object itself
      if (key !== "__proto__") data[key] = this.plain(field.value, read);
    }
    return data;
  }

  private mergedFields(value: unknown, position: Position, onFault: OnKeyFault): Map<string, Field>[] {
    const sources = this.resolve(value);
    const merged: Map<string, Field>[] = [];
    for (const item of isSeq(sources) ? sources.items : [sources]) {
      const source = this.resolve(item);
      // what is wrong inside of it is told where it stands
      if (isMap(source)) merged.push(this.fields(source, () => {}));
      else onFault(position, "<<", "must name a map, such as *defaults; it is ignored");
    }
    return merged;
  }
}

/** Nothing, or `null` and `~`: a key that is not set. */
export function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

/** False for a key with nothing behind it: such a value stands where the next line begins. */
export function isWritten(value: unknown): boolean {
  return value !== null && !(isScalar(value) && value.value === null && !value.source);
}
