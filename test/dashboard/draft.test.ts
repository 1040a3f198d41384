import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useDraft } from "../../dashboard/ui-stream-settings/vue/fields/draft";

const EMPTY = { name: "", url: "", group: "" };
const GATE = { name: "Gate", url: "rtsp://h/1", group: "yard" };

describe("what somebody types", () => {
  it("stays as something new when what it was typed over is gone", () => {
    for (const typed of [{}, { url: "rtsp://h/2" }]) {
      const draft = useDraft();
      draft.begin(GATE, "r1");
      Object.assign(draft.typed, typed);
      draft.beginTyped(EMPTY, "r2", draft.typed);
      assert.deepEqual({ ...draft.typed }, { ...GATE, ...typed });
      assert.deepEqual([draft.dirty.value, draft.revision.value], [true, "r2"]);
      draft.follow(EMPTY, "r3");
      assert.deepEqual({ ...draft.typed }, { ...GATE, ...typed });
      assert.deepEqual([draft.changed.value, draft.revision.value], [["name", "url", "group"], "r3"]);
    }
  });

  it("stays when the file changes elsewhere, which it then follows", () => {
    const draft = useDraft();
    draft.begin(GATE, "r1");
    draft.typed.url = "rtsp://h/2";
    draft.follow({ ...GATE, group: "garden" }, "r2");
    assert.deepEqual({ ...draft.typed }, { name: "Gate", url: "rtsp://h/2", group: "garden" });
    draft.follow({ ...GATE, url: "rtsp://h/3", group: "garden" }, "r3");
    assert.deepEqual(
      [draft.newKeys.value, draft.revision.value, draft.typed.url],
      [["url"], "r2", "rtsp://h/2"],
    );
    draft.adopt();
    assert.deepEqual([draft.theirs.value, draft.typed.url], [{ url: "rtsp://h/3" }, "rtsp://h/2"]);
    draft.discard();
    assert.deepEqual({ ...draft.typed }, { name: "Gate", url: "rtsp://h/3", group: "garden" });
  });
});
