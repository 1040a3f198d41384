import type { State } from "../../../../contracts/reasons";
import { rankOf, WORST_FIRST, type BoardRow } from "../data/board-row";

export const SORTS = ["state", "name", "order", "latency", "uptime", "since"] as const;
export type Sort = (typeof SORTS)[number];

export interface View {
  search: string;
  /** Empty: all. */
  states: readonly State[];
  /** Null: all; "": those without a group. */
  group: string | null;
  /** Null: all. */
  tag: string | null;
  sort: Sort;
  /** With a heading for each group. */
  grouped: boolean;
}

export interface Group {
  /** Null: the streams without one. */
  name: string | null;
  rows: BoardRow[];
  /** The worst first, without the states that none is in. */
  counts: [State, number][];
}

/** Chooses, sorts and groups what the page shows. Names are compared only when the set of names has changed. */
export class Arranger {
  private ranks = new Map<string, number>();
  private namesKey = "";

  /**
   * @param wordsOf further words of a stream that a search finds, such as its reason
   * @returns one group without a name where nothing is grouped
   */
  arrange(
    rows: Iterable<BoardRow>,
    view: View,
    language: string,
    wordsOf: (row: BoardRow) => string,
  ): Group[] {
    const all = [...rows];
    this.rankNames(all, language);
    const terms = view.search.toLocaleLowerCase(language).split(/\s+/).filter(Boolean);
    const shown = all.filter((row) => isChosen(row, view) && matches(row, terms, language, wordsOf));
    shown.sort(this.comparison(view.sort));
    if (!view.grouped) return [groupOf(null, shown)];
    const groups = Map.groupBy(shown, ({ group }) => group);
    const collator = new Intl.Collator(language, { numeric: true });
    return [...groups]
      .map(([name, members]) => groupOf(name, members))
      .sort((one, other) => compareGroups(one.name, other.name, collator));
  }

  private comparison(sort: Sort): (one: BoardRow, other: BoardRow) => number {
    const byName = (one: BoardRow, other: BoardRow) =>
      (this.ranks.get(one.name) ?? 0) - (this.ranks.get(other.name) ?? 0);
    const by = SORT_VALUES[sort];
    if (!by) return byName;
    return (one, other) => by(one) - by(other) || byName(one, other);
  }

  /** A collator takes a tenth of a second for 10,000 names: so once, not with each change of a state. */
  private rankNames(rows: readonly BoardRow[], language: string): void {
    const key = `${language}\n${rows.map(({ name }) => name).join("\n")}`;
    if (key === this.namesKey) return;
    this.namesKey = key;
    const collator = new Intl.Collator(language, { numeric: true });
    const names = rows.map(({ name }) => name).sort(collator.compare);
    this.ranks = new Map(names.map((name, index) => [name, index]));
  }
}

/** What a sort goes by, smallest first; null: the name alone. */
const SORT_VALUES: Record<Sort, ((row: BoardRow) => number) | null> = {
  state: ({ state }) => rankOf(state),
  name: null,
  order: ({ position }) => position,
  latency: ({ check }) => -(check?.latencyMs ?? -1),
  uptime: ({ uptime }) => uptime?.[0] ?? 2,
  since: ({ since }) => -(since ?? 0),
};

function isChosen(row: BoardRow, { states, group, tag }: View): boolean {
  if (states.length > 0 && !states.includes(row.state)) return false;
  if (group !== null && (row.group ?? "") !== group) return false;
  return tag === null || row.tags.includes(tag);
}

/** Each term stands somewhere in what is known of the stream. */
function matches(
  row: BoardRow,
  terms: readonly string[],
  language: string,
  wordsOf: (row: BoardRow) => string,
): boolean {
  if (terms.length === 0) return true;
  const { name, url, group, tags } = row;
  const text = [name, url, group, ...tags, wordsOf(row)].join("\n").toLocaleLowerCase(language);
  return terms.every((term) => text.includes(term));
}

function groupOf(name: string | null, rows: BoardRow[]): Group {
  const counts = WORST_FIRST.map((state): [State, number] => [
    state,
    rows.reduce((sum, row) => sum + Number(row.state === state), 0),
  ]);
  return { name, rows, counts: counts.filter(([, count]) => count > 0) };
}

/** Those without a group come last. */
function compareGroups(one: string | null, other: string | null, collator: Intl.Collator): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  return collator.compare(one, other);
}
