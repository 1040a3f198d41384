import assert from "node:assert/strict";
import { it } from "node:test";
import { findRenames } from "../../common/renames";

const stream = (name: string, url: string) => ({ name, url });

it("finds a new name with the URL of one that is gone", () => {
  assert.deepEqual(findRenames([stream("a", "1"), stream("b", "2")], [stream("a", "1"), stream("c", "2")]), [
    { from: "b", to: "c" },
  ]);
});

it("calls nothing a rename where a URL is not unique", () => {
  assert.deepEqual(findRenames([stream("a", "1"), stream("b", "1")], [stream("c", "1")]), []);
  assert.deepEqual(findRenames([stream("a", "1")], [stream("b", "1"), stream("c", "1")]), []);
});

it("does not take a changed URL for a rename", () => {
  assert.deepEqual(findRenames([stream("a", "1")], [stream("a", "2")]), []);
});

it("believes what it is told, with another URL too, but not against a name that stays", () => {
  assert.deepEqual(findRenames([stream("a", "1")], [stream("b", "2")], [{ from: "a", to: "b" }]), [
    { from: "a", to: "b" },
  ]);
  const both = [stream("a", "1"), stream("b", "2")];
  assert.deepEqual(findRenames(both, both, [{ from: "a", to: "b" }]), []);
});
