import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JpegWalker } from "../../../nodes/stream-probe/picture/jpeg";
import { jpeg, media, type JpegShape } from "../../support/media";

function walk(bytes: Buffer, pieceBytes = bytes.length): string {
  const walker = new JpegWalker();
  for (let at = 0; at < bytes.length; at += pieceBytes) walker.add(bytes.subarray(at, at + pieceBytes));
  const size = walker.facts ? ` ${walker.facts.width}x${walker.facts.height}` : "";
  return `${walker.pictures}${size}${walker.within ? " within" : ""}`;
}

const shapes: [string, JpegShape][] = [
  ["baseline", {}],
  ["with a thumbnail in its EXIF segment", { thumbnail: true }],
  ["with restart markers", { restarts: true }],
  ["progressive", { progressive: true }],
  ["whose height comes behind the scan", { dnl: true }],
  ["with fill bytes", { filled: true }],
];

describe("walking JPEG", () => {
  for (const [name, shape] of shapes) {
    it(`finds a picture ${name}, in pieces of any size`, () => {
      const bytes = Buffer.concat([
        Buffer.from("--x\r\n\r\n\xff\xff\xd8", "latin1"),
        jpeg(shape),
        jpeg(shape),
      ]);
      for (const pieceBytes of [1, 2, 3, 7, 100, bytes.length])
        assert.equal(walk(bytes, pieceBytes), "2 64x48");
    });
  }

  it("finds a real one", () => assert.equal(walk(media("picture.jpg")), "1 64x48"));

  it("counts none that breaks off", () => {
    assert.equal(walk(jpeg({ open: true })), "0 64x48 within");
    assert.equal(walk(jpeg().subarray(0, 40)), "0");
    assert.equal(walk(Buffer.concat([jpeg({ open: true }), jpeg({ width: 32 })])), "1 32x48");
  });

  it("counts none without a frame and a scan", () => {
    assert.equal(walk(Buffer.from("ffd8ffd9ffd8ffe00002ffd9", "hex")), "0");
    assert.equal(walk(Buffer.from("ffd8ffda0002112233ffd9", "hex")), "0");
  });

  it("finds its way back after what only looked like a picture", () => {
    for (const false_ of [
      "ffd8ff00",
      "ffd8ffe00001",
      "ffd8ffe0000412",
      "ffd8ffd8",
      "ffd8ffffff12",
      "ffd8ff40",
    ]) {
      const bytes = Buffer.concat([Buffer.from(false_, "hex"), Buffer.alloc(20), jpeg()]);
      assert.equal(walk(bytes), "1 64x48", false_);
    }
  });
});
