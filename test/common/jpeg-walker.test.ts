import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JpegWalker } from "../../common/jpeg-walker";
import { jpeg, media, type JpegShape } from "../support/media";

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

  it("tells where each picture stands, in pieces of any size", () => {
    const [one, two] = [jpeg({ thumbnail: true }), jpeg({ filled: true })];
    const bytes = Buffer.concat([Buffer.from("--x\r\n\xff\xd8", "latin1"), one, Buffer.alloc(9), two, one]);
    const begin = 7;
    const second = begin + one.length + 9;
    const expected = [
      [begin, begin + one.length],
      [second, second + two.length],
      [second + two.length, bytes.length],
    ];
    for (const pieceBytes of [1, 2, 3, 7, 100, bytes.length]) {
      const places: number[][] = [];
      const walker = new JpegWalker((from, to) => places.push([from, to]));
      for (let at = 0; at < bytes.length; at += pieceBytes) walker.add(bytes.subarray(at, at + pieceBytes));
      assert.deepEqual(places, expected, `${pieceBytes}`);
    }
  });

  it("tells what may still become a picture", () => {
    const walker = new JpegWalker();
    const places = [Buffer.from("000000ff", "hex"), Buffer.from("d8", "hex"), Buffer.from("ffe0", "hex")].map(
      (bytes) => {
        walker.add(bytes);
        return walker.beginning;
      },
    );
    assert.deepEqual(places, [3, 3, 3]);
    const passed = new JpegWalker();
    passed.add(Buffer.alloc(100));
    assert.equal(passed.beginning, 100);
  });

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
