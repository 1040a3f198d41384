import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Connection } from "../../../common/camera/connection";
import { Failure } from "../../../common/camera/failure";
import { HttpBody } from "../../../common/camera/http-body";
import { WireReader, type Head } from "../../../common/camera/wire-reader";

/** Reads a whole body that comes in pieces of this size, and tells how it ended. */
async function read(text: string, headers: Record<string, string>, pieceBytes: number): Promise<string> {
  const bytes = Buffer.from(text, "latin1");
  let at = 0;
  const connection = {
    read: () => Promise.resolve(at < bytes.length ? bytes.subarray(at, (at += pieceBytes)) : null),
  };
  const head: Head = {
    status: 200,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
  };
  const body = new HttpBody(new WireReader(connection as unknown as Connection, 10_000), head, 1000);
  await body.begin(3);
  let received = "";
  for (;;) {
    const piece = await body.next();
    if (piece instanceof Failure) return `${received}! ${piece.message}`;
    if (!Buffer.isBuffer(piece)) return received;
    received += piece.toString("latin1");
  }
}

const CHUNKED = { "transfer-encoding": "chunked" };

const rows: [name: string, text: string, headers: Record<string, string>, expected: string][] = [
  ["to the end of the connection", "picture", {}, "picture"],
  ["of a known length", "picture and more", { "content-length": "7" }, "picture"],
  ["shorter than its length", "pic", { "content-length": "7" }, "pic"],
  ["of a length that is no number", "picture", { "content-length": "-7" }, "picture"],
  [
    "of many parts, whose length is invented",
    "picture",
    { "content-length": "1", "content-type": "Multipart/x" },
    "picture",
  ],
  ["in chunks", "3\r\npic\r\n4\r\nture\r\n0\r\n\r\nmore", CHUNKED, "picture"],
  ["in chunks with LF alone", "3\npic\n4\nture\n0\n\n", CHUNKED, "picture"],
  [
    "in chunks with extensions, zeros and a trailer",
    '003 ; a="b"\r\npic\r\n4;x\r\nture\r\n00\r\nX: y\r\n\r\n',
    CHUNKED,
    "picture",
  ],
  ["in chunks that begin with line ends", "3\r\n\r\np\r\n4\r\nictu\r\n0\r\n\r\n", CHUNKED, "\r\npictu"],
  ["in chunks that break off", "3\r\npic\r\n400\r\ntu", CHUNKED, "pictu"],
  ["in chunks that are none", "picture\r\n", CHUNKED, "picture\r\n"],
  ["in chunks without a size", "3\r\npic\r\nture\r\n", CHUNKED, 'pic! no chunk size in "·ture·"'],
  ["in gzip chunks", "3\r\npic\r\n0\r\n\r\n", { "transfer-encoding": "gzip, chunked" }, "pic"],
];

describe("the body of an HTTP answer", () => {
  for (const [name, text, headers, expected] of rows) {
    it(`${name}, in pieces of any size`, async () => {
      for (const pieceBytes of [1, 2, 3, 5, 1000]) {
        assert.equal(await read(text, headers, pieceBytes), expected, `pieces of ${pieceBytes}`);
      }
    });
  }

  it("gives back whatever was cut into chunks, in whatever pieces it comes", async () => {
    const chunk = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
    const chunks = fc.array(chunk, { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (texts, pieceBytes) => {
        const body = texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join("");
        assert.equal(await read(`${body}0\r\n\r\n`, CHUNKED, pieceBytes), texts.join(""));
      }),
      { numRuns: 5000 },
    );
  });

  it("ends, and gives no more than came, whatever the chunks look like", async () => {
    const parts = fc.constantFrom(
      "0",
      "1",
      "a",
      "F",
      "\r\n",
      "\n",
      "\r",
      ";x=1",
      " ",
      "ffffffffffffffff",
      "-1",
      "0x1",
    );
    const text = fc.array(parts, { maxLength: 60 }).map((words) => words.join(""));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 50 }), async (body, pieceBytes) => {
        const [received = ""] = (await read(body, CHUNKED, pieceBytes)).split("! ");
        assert.ok(received.length <= body.length);
      }),
      { numRuns: 5000 },
    );
  });
});
