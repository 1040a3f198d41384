import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BoardRow } from "../../dashboard/ui-stream-board/vue/data/board-row";
import { Arranger, SORTS, type View } from "../../dashboard/ui-stream-board/vue/list/arrange";
import { listItems, type Arrangement } from "../../dashboard/ui-stream-board/vue/list/list-items";
import { VirtualWindow } from "../../dashboard/ui-stream-board/vue/list/virtual-window";

const ALL: View = { search: "", states: [], group: null, tag: null, sort: "name", grouped: false };

let keys = 0;
function row(name: string, parts: Partial<BoardRow> = {}): BoardRow {
  return {
    ...{ key: ++keys, name, state: "up", reason: "ok", since: 1000, position: keys, group: null, tags: [] },
    ...{ url: "rtsp://192.0.2.7", enabled: true, media: null, flaps: 0, check: null, uptime: null },
    ...parts,
  };
}

function names(
  rows: BoardRow[],
  view: Partial<View>,
  wordsOf: (row: BoardRow) => string = () => "",
): string[] {
  const groups = new Arranger().arrange(rows, { ...ALL, ...view }, "en", wordsOf);
  return groups.flatMap((group) => group.rows.map(({ name }) => name));
}

const check = (latencyMs: number | null) => ({
  ...({ at: 1, latencyMs, state: "up", reason: "ok", message: "", isDeep: false } as const),
});

describe("the board's order", () => {
  it("is one of those that can be chosen, with the name as the second", () => {
    const rows = [
      row("cam 10", { check: check(5), uptime: [0.5, 1, 1], since: 9 }),
      row("cam 9", { state: "down", check: check(null), uptime: [0.2, 1, 1], since: 5 }),
      row("Cam 2", { state: "degraded", check: check(80), since: null }),
      row("Äther", { state: "paused" }),
    ];
    const orders = Object.fromEntries(SORTS.map((sort) => [sort, names(rows, { sort })]));
    assert.deepEqual(orders, {
      state: ["cam 9", "Cam 2", "cam 10", "Äther"],
      name: ["Äther", "Cam 2", "cam 9", "cam 10"],
      order: ["cam 10", "cam 9", "Cam 2", "Äther"],
      latency: ["Cam 2", "cam 10", "Äther", "cam 9"],
      uptime: ["cam 9", "cam 10", "Äther", "Cam 2"],
      since: ["Äther", "cam 10", "cam 9", "Cam 2"],
    });
  });

  it("keeps to what is searched for: all words, in name, host, group, tags or reason", () => {
    const rows = [
      row("Front Door", { group: "Outside", tags: ["north"] }),
      row("Shed", { group: "Outside", state: "down", reason: "timeout" }),
      row("Nursery", { url: "http://198.51.100.4" }),
    ];
    const words = ({ reason }: BoardRow) => (reason === "timeout" ? "did not answer in time" : "");
    assert.deepEqual(names(rows, { search: " DOOR north" }, words), ["Front Door"]);
    assert.deepEqual(names(rows, { search: "outside" }, words), ["Front Door", "Shed"]);
    assert.deepEqual(names(rows, { search: "answer" }, words), ["Shed"]);
    assert.deepEqual(names(rows, { search: "198.51" }, words), ["Nursery"]);
    assert.deepEqual(names(rows, { search: ".*" }, words), []);
  });

  it("keeps to chosen states, group and tag", () => {
    const rows = [
      row("a", { state: "down", group: "x", tags: ["t"] }),
      row("b", { group: "x" }),
      row("c", { state: "degraded" }),
    ];
    assert.deepEqual(names(rows, { states: ["down", "degraded"] }), ["a", "c"]);
    assert.deepEqual(names(rows, { group: "x" }), ["a", "b"]);
    assert.deepEqual(names(rows, { group: "" }), ["c"]);
    assert.deepEqual(names(rows, { tag: "t" }), ["a"]);
  });

  it("groups by name, those without a group last, with counts of their own", () => {
    const rows = [
      row("a", { group: "yard", state: "down" }),
      row("b"),
      row("c", { group: "House" }),
      row("d", { group: "yard" }),
    ];
    const groups = new Arranger().arrange(rows, { ...ALL, grouped: true }, "en", () => "");
    assert.deepEqual(
      groups.map(({ name, counts }) => [name, counts]),
      [
        ["House", [["up", 1]]],
        [
          "yard",
          [
            ["down", 1],
            ["up", 1],
          ],
        ],
        [null, [["up", 1]]],
      ],
    );
  });
});

describe("the board's lines", () => {
  const arrangement: Arrangement = {
    ...{ cards: false, columns: 3, cardHeight: 130, grouped: false, folded: new Set() },
    room: "wide",
  };
  const group = (name: string | null, count: number, parts: Partial<BoardRow> = {}) => ({
    name,
    rows: Array.from({ length: count }, (_, index) => row(`${name} ${index}`, parts)),
    counts: [],
  });

  it("are higher where a reason is told", () => {
    const items = listItems([group(null, 1), group(null, 1, { state: "down" })], arrangement);
    assert.deepEqual(
      items.map(({ kind, height }) => [kind, height]),
      [
        ["row", 50],
        ["row", 76],
      ],
    );
  });

  it("hold several cards, and a heading that may be folded", () => {
    const folded = new Set<string | null>(["b"]);
    const items = listItems([group("a", 4), group("b", 2), group("c", 1)], {
      ...{ ...arrangement, cards: true, grouped: true, folded },
    });
    assert.deepEqual(
      items.map((item) => (item.kind === "cards" ? [item.rows.length, item.index] : item.kind)),
      ["group", [3, 0], [1, 3], "group", "group", [1, 6]],
    );
  });

  it("are found by their place on the screen", () => {
    const virtual = new VirtualWindow([50, 76, 50, 40]);
    assert.equal(virtual.height, 216);
    assert.equal(virtual.top(2), 126);
    assert.deepEqual(virtual.range(0, 49), [0, 1]);
    assert.deepEqual(virtual.range(-500, 51), [0, 2]);
    assert.deepEqual(virtual.range(130, 10_000), [2, 4]);
    assert.deepEqual(virtual.range(-900, -100), [0, 0]);
    assert.deepEqual(virtual.range(500, 900), [4, 4]);
    assert.deepEqual(new VirtualWindow([]).range(0, 100), [0, 0]);
  });

  it("of 10,000 are as many on the screen as fit", () => {
    const virtual = new VirtualWindow(Array.from({ length: 10_000 }, () => 50));
    for (const top of [0, 12_345, 499_000]) {
      const [first, end] = virtual.range(top, top + 900);
      assert.ok(end - first <= 20, `${end - first} rows at ${top}`);
      assert.ok(virtual.top(first) <= top && virtual.top(end) >= Math.min(top + 900, virtual.height));
    }
  });
});
