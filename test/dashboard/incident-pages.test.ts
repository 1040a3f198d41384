import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Incident } from "../../dashboard/ui-stream-board/vue/detail/answers";
import { belowFirstPage } from "../../dashboard/ui-stream-board/vue/detail/incident-pages";

/** From the newest to the oldest. */
function incidents(newest: number, oldest: number): Incident[] {
  return Array.from({ length: newest - oldest + 1 }, (_, index) => {
    const id = newest - index;
    return { id, start: id * 1000, end: id * 1000 + 500, state: "down", reason: "timeout", message: null };
  });
}
const idsOf = (list: Incident[] | undefined) => list?.map(({ id }) => id);

describe("the incidents below the first page", () => {
  const first = incidents(30, 21);
  const older = incidents(20, 11);

  it("begin with what a new one has pushed out of it", () => {
    assert.deepEqual(idsOf(belowFirstPage(first, incidents(31, 22), older)), idsOf(incidents(21, 11)));
    assert.deepEqual(idsOf(belowFirstPage(first, incidents(39, 30), older)), idsOf(incidents(29, 11)));
    // the page was on its way while the first one changed
    assert.deepEqual(idsOf(belowFirstPage(first, incidents(31, 22), [])), [21]);
  });

  it("stay when the first page stays, and hold nothing twice", () => {
    assert.deepEqual(idsOf(belowFirstPage(first, first, older)), idsOf(older));
    assert.deepEqual(idsOf(belowFirstPage(first, incidents(30, 20), older)), idsOf(incidents(19, 11)));
    assert.deepEqual(
      idsOf(belowFirstPage(first, incidents(31, 22), incidents(21, 11))),
      idsOf(incidents(21, 11)),
    );
  });

  it("hold nothing that is gone", () => {
    const now = first.filter(({ id }) => id !== 25);
    assert.deepEqual(idsOf(belowFirstPage(first, now, older)), idsOf(older));
  });

  it("have to be asked for again when there may be some in between", () => {
    assert.equal(belowFirstPage(first, incidents(40, 31), older), undefined);
    assert.equal(belowFirstPage(first, [], older), undefined);
  });
});
