import assert from "node:assert/strict";
import net from "node:net";
import { describe, it } from "node:test";
import { parseStreamUrl } from "../../../common/stream-url";
import { UrlHandover } from "../../../common/ffmpeg/url-handover";

/** What a server answers to some bytes, until it closes. */
async function ask(address: string, request: string): Promise<string> {
  const { hostname, port } = new URL(address);
  const socket = net.connect(Number(port), hostname);
  let answer = "";
  socket.on("data", (data) => (answer += data.toString("latin1")));
  socket.on("error", () => {});
  socket.write(request);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

async function opened(handover: UrlHandover): Promise<string> {
  const address = await handover.open();
  assert.ok(typeof address === "string", String(address));
  return address;
}

describe("a URL handed over by redirect", () => {
  it("is given to who knows the secret, in the protocol's words", async (t) => {
    const handover = new UrlHandover(parseStreamUrl("rtsp://viewer:p@ss#1/2@cam.test:8554/a?b=c"), true);
    t.after(() => handover.close());
    const address = await opened(handover);
    assert.match(address, /^rtsp:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    const answer = await ask(address, `OPTIONS ${address} RTSP/1.0\r\nCSeq: 7\r\n\r\n`);
    assert.equal(
      answer,
      "RTSP/1.0 302 Found\r\nCSeq: 7\r\nContent-Length: 0\r\nConnection: close\r\n" +
        "Location: rtsp://viewer:p%40ss%231%2F2@cam.test:8554/a?b=c\r\n\r\n",
    );
  });

  it("keeps the ending of a playlist, and nothing else of the URL", async (t) => {
    for (const [path, ending] of [
      ["/live/INDEX.M3U8?x=1", ".m3u8"],
      ["/a.m3u", ".m3u"],
      ["/%d.jpg", ""],
      ["/m3u8", ""],
    ]) {
      const handover = new UrlHandover(parseStreamUrl(`http://cam.test${path}`), true);
      t.after(() => handover.close());
      assert.equal((await opened(handover)).replace(/.*[0-9a-f]{32}/, ""), ending);
    }
  });

  it("goes without its credentials where they are to be withheld", async (t) => {
    const handover = new UrlHandover(parseStreamUrl("http://u:p@cam.test/a"), false);
    t.after(() => handover.close());
    const address = await opened(handover);
    assert.match(
      await ask(address, `GET ${new URL(address).pathname} HTTP/1.1\r\n\r\n`),
      /Location: http:\/\/cam\.test\/a\r\n/,
    );
  });

  it("is given to nobody else, and nothing waits or grows", async (t) => {
    const handover = new UrlHandover(parseStreamUrl("http://viewer:s3cret@cam.test/"), true);
    t.after(() => handover.close());
    const address = await opened(handover);
    const answer = await ask(address, "GET / HTTP/1.1\r\nX: y\r\n\r\n");
    assert.equal(answer, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // the secret counts in the first line alone
    const secret = new URL(address).pathname;
    assert.match(await ask(address, `GET / HTTP/1.1\r\nX: ${secret}\r\n\r\n`), /^HTTP\/1\.1 404/);
    assert.equal(await ask(address, "x".repeat(100_000)), "");
  });

  it("ends with whoever waits for an answer", async () => {
    const handover = new UrlHandover(parseStreamUrl("http://cam.test/"), true);
    const waiting = ask(await opened(handover), "GET");
    await new Promise((resolve) => setImmediate(resolve));
    handover.close();
    assert.equal(await waiting, "");
  });
});
