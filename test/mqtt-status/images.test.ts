import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Images } from "../../nodes/mqtt-status/images";
import { topicsOf } from "../../nodes/mqtt-status/topics";
import { settle } from "../support/fake-clock";
import { FakeLink } from "./support";

function imagesOf() {
  const slugs = new Map<string, string>();
  const told: string[] = [];
  const refused: Error[] = [];
  const images = new Images({
    topics: topicsOf("a/status"),
    slugOf: (name) => slugs.get(name),
    onPublished: () => {},
    onRefused: (error) => refused.push(error),
    onImage: (name) => told.push(name),
  });
  return { images, slugs, told, refused, link: new FakeLink() };
}

describe("pictures", () => {
  it("are published as they come, and kept there", async () => {
    const { images, slugs, told, link } = imagesOf();
    slugs.set("Gate", "gate");
    images.online(link);
    images.receive("Gate", Buffer.from("jpeg"));
    assert.deepEqual(link.sent, [{ topic: "a/streams/gate/image", payload: "jpeg", qos: 0, retain: true }]);
    await settle();
    assert.deepEqual(told, ["Gate"]);
    images.publish("Gate");
    assert.equal(link.sent.length, 1);
  });

  it("that the broker refuses are dropped, and nobody is told that they are there", async () => {
    const { images, slugs, told, refused, link } = imagesOf();
    slugs.set("Gate", "gate");
    images.online(link);
    link.refusal = new Error("too large");
    images.receive("Gate", Buffer.from("jpeg"));
    await settle();
    assert.deepEqual([told, refused], [[], [link.refusal]]);
    link.refusal = undefined;
    images.publish("Gate");
    assert.deepEqual(link.sent, []);
  });

  it("wait for the topic and the broker, the newest of each stream", () => {
    const { images, slugs, told, link } = imagesOf();
    images.receive("Gate", Buffer.from("old"));
    images.online(link);
    images.receive("Gate", Buffer.from("new"));
    link.congested = true;
    slugs.set("Gate", "gate");
    images.publish("Gate");
    link.congested = false;
    images.offline();
    images.publish("Gate");
    assert.deepEqual([link.sent, told], [[], []]);
    images.online(link);
    images.publish("Gate");
    assert.deepEqual(link.on("a/streams/gate/image"), ["new"]);
  });

  it("wait up to 16 MB, and the oldest are dropped", () => {
    const { images, slugs, link } = imagesOf();
    const names = Array.from({ length: 100 }, (_, i) => `Cam ${i}`);
    for (const name of names) images.receive(name, Buffer.alloc(1024 * 1024, "x"));
    for (const name of names) slugs.set(name, name.replace(" ", "_"));
    images.online(link);
    for (const name of names) images.publish(name);
    assert.deepEqual(
      link.sent.map(({ topic }) => topic),
      names.slice(-15).map((name) => `a/streams/${slugs.get(name)}/image`),
    );
  });
});
