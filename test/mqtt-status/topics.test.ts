import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SlugBook } from "../../nodes/mqtt-status/slug-book";
import { topicFault } from "../../common/mqtt-topic-fault";
import { slugOf, streamTopic, topicsOf } from "../../nodes/mqtt-status/topics";

describe("topics", () => {
  it("lie below the topic less its last level, and below the site", () => {
    assert.deepEqual(topicsOf("streampulse/status"), {
      status: "streampulse/status",
      base: "streampulse",
      bridgeStatus: "streampulse/bridge/status",
      bridgeState: "streampulse/bridge/state",
      events: "streampulse/events",
    });
    const { status, base } = topicsOf("home/cams/status", "Werk Süd/2");
    assert.deepEqual([status, base], ["home/cams/status", "home/cams/werk_sud_2"]);
    assert.equal(topicsOf("cameras").base, "cameras");
    assert.equal(topicsOf("/cameras").base, "");
    assert.equal(streamTopic({ base: "a/b" }, "gate", "enabled/set"), "a/b/streams/gate/enabled/set");
  });

  it("keep two sites apart that have no Latin letter", () => {
    const bases = ["北京", "東京"].map((site) => topicsOf("a/b", site).base);
    assert.match(bases[0] ?? "", /^a\/site_[0-9a-f]{8}$/);
    assert.notEqual(bases[0], bases[1]);
  });

  it("are refused with a reason", () => {
    assert.equal(topicFault("a/b"), undefined);
    assert.match(topicFault("") ?? "", /must not be empty/);
    for (const topic of ["a/#", "+/b"]) assert.match(topicFault(topic) ?? "", /wildcards/);
    assert.match(topicFault("$SYS/a") ?? "", /begin with \$/);
    for (const topic of ["a\u0000b", "a\nb", "\ud800"]) assert.match(topicFault(topic) ?? "", /control/);
    assert.match(topicFault("x".repeat(1001)) ?? "", /longer than 1000 bytes/);
  });
});

describe("slugs", () => {
  it("are made of what MQTT and Home Assistant take", () => {
    const slugs = ["Front Door", "Küche 1", "Straße/Ærø Łódź", "a+b#c$d", "_-x-_", "😀", "+", "Ｗｉｄｅ"].map(
      slugOf,
    );
    assert.deepEqual(slugs, ["front_door", "kuche_1", "strasse_aero_lodz", "a_b_c_d", "x", "", "", "wide"]);
    assert.equal(slugOf("x".repeat(200)).length, 64);
  });

  it("are told apart by the id, and stay when the cause is gone", () => {
    const book = new SlugBook();
    const named = [
      { id: 2, name: "cam_1" },
      { id: 1, name: "cam 1" },
      { id: 3, name: "😀" },
      { id: 4, name: "cam 1 2" },
    ];
    assert.deepEqual(book.assign(named), []);
    assert.deepEqual(
      named.map(({ id }) => book.slug(id)),
      ["cam_1_2", "cam_1", "stream_3", "cam_1_2_4"],
    );
    assert.deepEqual(book.release(1), ["cam_1"]);
    assert.deepEqual(book.assign([{ id: 2, name: "cam_1" }]), []);
    assert.equal(book.slug(2), "cam_1_2");
    assert.equal(book.owner("cam_1"), undefined);
  });

  it("follow a rename, and swap with each other", () => {
    const book = new SlugBook();
    book.assign([
      { id: 1, name: "a" },
      { id: 2, name: "b" },
    ]);
    assert.deepEqual(book.assign([{ id: 1, name: "c" }]), ["a"]);
    assert.deepEqual(
      book.assign([
        { id: 1, name: "b" },
        { id: 2, name: "c" },
      ]),
      [],
    );
    assert.deepEqual([book.slug(1), book.slug(2)], ["b", "c"]);
    // another way to write the same keeps the topic
    assert.deepEqual(book.assign([{ id: 1, name: "B!" }]), []);
    assert.equal(book.slug(1), "b");
  });

  it("of a run before are taken over where the name still gives them", () => {
    const book = new SlugBook();
    assert.equal(book.adopt("cam_1_7", { id: 7, name: "cam 1" }), true);
    assert.equal(book.adopt("cam_1", { id: 7, name: "cam 1" }), false, "it has one already");
    assert.equal(book.adopt("garage", { id: 8, name: "Workshop" }), false, "renamed meanwhile");
    assert.equal(book.adopt("cam_1_7", { id: 9, name: "cam 1 7" }), false, "it is another's");
    book.assign([{ id: 7, name: "cam 1" }]);
    assert.equal(book.slug(7), "cam_1_7");
  });

  it("are always one plain level, and no two streams share one", () => {
    const names = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), { maxLength: 30 });
    fc.assert(
      fc.property(names, (list) => {
        const book = new SlugBook();
        book.assign(list.map((name, id) => ({ id, name })));
        const slugs = list.map((_, id) => book.slug(id) ?? "");
        for (const slug of slugs) assert.match(slug, /^[a-z0-9_-]+$/);
        assert.equal(new Set(slugs).size, list.length);
      }),
    );
  });
});
