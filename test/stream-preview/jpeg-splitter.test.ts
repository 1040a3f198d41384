import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { JpegSplitter } from "../../nodes/stream-preview/jpeg-splitter";
import { jpeg, media } from "../support/media";

/** The pictures that come out of these bytes in pieces of this size, and what was wrong in the end. */
function split(bytes: Buffer, pieceBytes: number): { pictures: Buffer[]; problem?: string } {
  const pictures: Buffer[] = [];
  const splitter = new JpegSplitter((picture) => pictures.push(picture));
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const problem = splitter.add(bytes.subarray(at, at + pieceBytes));
    if (problem !== undefined) return { pictures, problem };
  }
  assert.equal(splitter.pictures, pictures.length);
  return { pictures };
}

const part = (head: string, picture: Buffer) => Buffer.concat([Buffer.from(head, "latin1"), picture]);

describe("cutting pictures out of a stream", () => {
  const pictures = [
    jpeg({ thumbnail: true }),
    jpeg({ progressive: true }),
    media("picture.jpg"),
    jpeg({ filled: true }),
  ];
  const framings: [name: string, heads: string[]][] = [
    ["multipart", pictures.map(() => "\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n")],
    ["nothing between them", pictures.map(() => "")],
    ["rubbish that looks like a picture", pictures.map(() => "\xff\xd8\xff\xe0\x00\x00\xff\xd8")],
    ["wrong lengths", pictures.map(() => "--x\nContent-Length: 3\n\n")],
  ];
  for (const [name, heads] of framings) {
    it(`finds each whole, with ${name}, in pieces of any size`, () => {
      const bytes = Buffer.concat(heads.map((head, i) => part(head, pictures[i] as Buffer)));
      for (const pieceBytes of [1, 3, 64, 1000, bytes.length])
        assert.deepEqual(split(bytes, pieceBytes), { pictures }, String(pieceBytes));
    });
  }

  it("gives up a picture that never ends", () => {
    const endless = Buffer.concat([jpeg({ open: true }), Buffer.alloc(17 * 1024 * 1024, 0x55)]);
    assert.deepEqual(split(endless, 65_536), { pictures: [], problem: "a picture of more than 16 MiB" });
  });

  it("gives up where no picture comes", () => {
    const problem = "no picture within 2 MiB";
    assert.deepEqual(split(Buffer.alloc(3 * 1024 * 1024, 0x20), 65_536), { pictures: [], problem });
    const beginnings = Buffer.alloc(3 * 1024 * 1024, Buffer.from("ffd8ffe00004aabb", "hex"));
    assert.deepEqual(split(beginnings, 65_536), { pictures: [], problem });
  });

  it("keeps no more than one picture, however many pieces come", () => {
    const splitter = new JpegSplitter(() => {});
    const picture = jpeg({ open: true });
    const before = process.memoryUsage().arrayBuffers;
    splitter.add(picture);
    for (let n = 0; n < 200_000; n++) splitter.add(Buffer.from([0x55]));
    assert.ok(process.memoryUsage().arrayBuffers - before < 4 * 1024 * 1024);
  });
});
