import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jpegParts } from "../../dashboard/ui-stream-board/vue/detail/jpeg-parts";

const jpegs = [
  Buffer.from([0xff, 0xd8, 13, 10, 13, 10, 0xff, 0xd9]),
  Buffer.alloc(5000, "--streampulse\r\n"),
];
const part = (jpeg: Buffer, length = jpeg.length) =>
  Buffer.concat([
    Buffer.from(`Content-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`),
    jpeg,
    Buffer.from("\r\n--streampulse\r\n"),
  ]);
const whole = Buffer.concat([Buffer.from("--streampulse\r\n"), ...jpegs.map((jpeg) => part(jpeg))]);

function streamOf(bytes: Buffer, chunkBytes: number): ReadableStream<Uint8Array> & { cancelled?: boolean } {
  let sent = 0;
  const stream: ReadableStream<Uint8Array> & { cancelled?: boolean } = new ReadableStream({
    pull(controller) {
      if (sent >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(sent, sent + chunkBytes)));
      sent += chunkBytes;
    },
    cancel: () => void (stream.cancelled = true),
  });
  return stream;
}

async function all(stream: ReadableStream<Uint8Array>): Promise<Buffer[]> {
  const found: Buffer[] = [];
  for await (const jpeg of jpegParts(stream)) found.push(Buffer.from(jpeg));
  return found;
}

describe("the pictures of a preview", () => {
  for (const chunkBytes of [1, 7, 1000, whole.length]) {
    it(`are cut out whole, however they come (${chunkBytes} bytes)`, async () => {
      assert.deepEqual(await all(streamOf(whole, chunkBytes)), jpegs);
    });
  }

  it("are as many as came whole when the stream breaks off", async () => {
    assert.deepEqual(await all(streamOf(whole.subarray(0, whole.length - 3000), 100)), jpegs.slice(0, 1));
  });

  it("are no more sent once nobody wants them", async () => {
    const stream = streamOf(whole, 100);
    for await (const jpeg of jpegParts(stream)) {
      assert.deepEqual(Buffer.from(jpeg), jpegs[0]);
      break;
    }
    assert.equal(stream.cancelled, true);
  });

  it("are refused where they have no length, or none that can be", async () => {
    await assert.rejects(all(streamOf(Buffer.alloc(3000, "x"), 100)), /a part without a head/);
    for (const length of [0, 1e9]) {
      await assert.rejects(all(streamOf(part(jpegs[0]!, length), 100)), /a part without a length/);
    }
    await assert.rejects(all(streamOf(Buffer.from("A: b\r\n\r\nxyz"), 100)), /a part without a length/);
  });
});
