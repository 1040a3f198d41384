import type { State } from "../../../../contracts/reasons";
import type { BoardRow } from "../data/board-row";
import type { Group } from "./arrange";

/** How much room there is for a row. */
export type Room = "wide" | "medium" | "narrow";

/** One line of the list: a heading, a row, or a row of cards. */
export type Item =
  | { kind: "group"; id: string; group: Group; height: number }
  | { kind: "row"; id: string; row: BoardRow; index: number; height: number }
  | { kind: "cards"; id: string; rows: BoardRow[]; index: number; height: number };

export interface Arrangement {
  cards: boolean;
  room: Room;
  /** Cards beside one another. */
  columns: number;
  /** Height of a card with the gap below it. */
  cardHeight: number;
  grouped: boolean;
  /** Names of groups that are folded. */
  folded: ReadonlySet<string | null>;
}

export const GROUP_HEIGHT = 40;
/** A row, and one that also says what is the matter. */
const ROW_HEIGHTS: Record<Room, { well: number; problem: number }> = {
  wide: { well: 50, problem: 76 },
  medium: { well: 50, problem: 94 },
  narrow: { well: 92, problem: 155 },
};

/** Whether a row needs room for a reason and an advice. */
export function hasProblem(state: State): boolean {
  return state === "down" || state === "degraded";
}

/** The lines of the list with their heights, which the styles keep to. */
export function listItems(groups: readonly Group[], arrangement: Arrangement): Item[] {
  const items: Item[] = [];
  let index = 0;
  for (const group of groups) {
    if (arrangement.grouped) {
      items.push({ kind: "group", id: `group ${group.name ?? ""}`, group, height: GROUP_HEIGHT });
    }
    const isFolded = arrangement.grouped && arrangement.folded.has(group.name);
    if (!isFolded && arrangement.cards) pushCards(items, group.rows, index, arrangement);
    else if (!isFolded) pushRows(items, group.rows, index, arrangement.room);
    index += group.rows.length;
  }
  return items;
}

function pushRows(items: Item[], rows: readonly BoardRow[], begin: number, room: Room): void {
  const { well, problem } = ROW_HEIGHTS[room];
  rows.forEach((row, offset) => {
    const height = hasProblem(row.state) ? problem : well;
    items.push({ kind: "row", id: `row ${row.key}`, row, index: begin + offset, height });
  });
}

function pushCards(
  items: Item[],
  rows: readonly BoardRow[],
  begin: number,
  { columns, cardHeight }: Arrangement,
): void {
  for (let offset = 0; offset < rows.length; offset += columns) {
    const some = rows.slice(offset, offset + columns);
    const id = `cards ${some[0]?.key ?? ""}`;
    items.push({ kind: "cards", id, rows: some, index: begin + offset, height: cardHeight });
  }
}
