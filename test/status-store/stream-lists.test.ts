import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { placeOfFile } from "../../nodes/status-store/shared-stores";
import { StreamLists } from "../../nodes/status-store/stream-lists";
import { temporaryFolder } from "../support/temporary-folder";

describe("StreamLists", () => {
  it("names a stream that is not in all lists, once they differ for ten seconds", () => {
    const lists = new StreamLists();
    assert.equal(lists.problem(0), undefined);
    lists.set("one", new Set(["a", "b"]), 0);
    assert.equal(lists.problem(60_000), undefined);
    lists.set("two", new Set(["a", "b"]), 60_000);
    lists.set("two", new Set(["a"]), 61_000);
    lists.set("two", new Set(["a", "c", "b"]), 62_000);
    assert.equal(lists.problem(70_999), undefined);
    assert.equal(
      lists.problem(71_000),
      '2 status-store nodes name different streams to one database: "c" is not in all of their lists. ' +
        "The last list counts, and checks of other streams are not stored: give them the same streams, or databases with files of their own.",
    );
    lists.set("one", new Set(["b", "c", "a"]), 72_000);
    assert.equal(lists.problem(90_000), undefined);
    lists.set("two", new Set(), 91_000);
    lists.drop("one", 102_000);
    assert.equal(lists.problem(103_000), undefined);
  });
});

describe("placeOfFile", () => {
  it("is the same over links, also of a file that is not there yet", (context) => {
    const folder = temporaryFolder(context);
    const place = placeOfFile(path.join(folder, "new", "streams.db"));
    symlinkSync(folder, path.join(folder, "link"));
    assert.equal(placeOfFile(path.join(folder, "link", "new", "..", "new", "streams.db")), place);
    writeFileSync(path.join(folder, "a.db"), "");
    symlinkSync(path.join(folder, "a.db"), path.join(folder, "b.db"));
    assert.equal(placeOfFile(path.join(folder, "b.db")), placeOfFile(path.join(folder, "link", "a.db")));
    assert.notEqual(placeOfFile(path.join(folder, "c.db")), place);
  });
});
