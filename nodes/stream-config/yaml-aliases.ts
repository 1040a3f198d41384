import { isAlias, isMap, isSeq, type Alias, type Node } from "yaml";

/** A file that only a bomb or a mistake makes: the whole of it is refused. */
export class AliasFault extends Error {
  constructor(
    message: string,
    /** Where in the text, in characters from its beginning. */
    readonly offset: number,
  ) {
    super(message);
  }
}

const MOST_VALUES = 3_000_000;

interface Anchor {
  node: Node;
  /** How many values it holds once its own aliases are written out; undefined while it is still open. */
  size?: number;
}

/**
 * Finds what each alias stands for, and how large the document becomes when all are written out: nine lines of
 * aliases of aliases hold a milliard of values. Reads each node once, so a bomb costs nothing.
 *
 * @throws AliasFault for an alias without anchor, one inside of what it stands for, and a document that grows too large
 */
export function resolveAliases(root: Node | null): Map<Alias, Node> {
  const targets = new Map<Alias, Node>();
  const anchors = new Map<string, Anchor>();

  const sizeOfAlias = (alias: Alias): number => {
    const anchor = anchors.get(alias.source);
    if (!anchor) {
      throw new AliasFault(
        "a value that begins with * is an alias, and there is no anchor of this name: put quotes around the value",
        offsetOf(alias),
      );
    }
    if (anchor.size === undefined) {
      throw new AliasFault("this alias stands inside of what it stands for: remove it", offsetOf(alias));
    }
    targets.set(alias, anchor.node);
    return anchor.size;
  };

  const sizeOf = (node: unknown): number => {
    if (isAlias(node)) return sizeOfAlias(node);
    const anchor: Anchor = { node: node as Node };
    const name = (node as { anchor?: string } | null)?.anchor;
    if (name !== undefined) anchors.set(name, anchor);
    let size = 1;
    if (isMap(node)) for (const { key, value } of node.items) size += sizeOf(key) + sizeOf(value);
    else if (isSeq(node)) for (const item of node.items) size += sizeOf(item);
    if (size > MOST_VALUES) {
      throw new AliasFault(
        `the aliases (*…) used here stand for more than ${MOST_VALUES} values: write out what is meant`,
        offsetOf(node as Node),
      );
    }
    anchor.size = size;
    return size;
  };

  sizeOf(root);
  return targets;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
