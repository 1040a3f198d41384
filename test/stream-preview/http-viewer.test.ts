import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { HttpViewer } from "../../nodes/stream-preview/http-viewer";
import { Refusal } from "../../nodes/stream-preview/refusal";
import { FakeClock } from "../support/fake-clock";

/** A response whose reader takes what he is told to take. */
class FakeResponse extends Writable {
  head?: { statusCode: number; headers: Record<string, string> };
  readonly taken: Buffer[] = [];
  private readonly pending: [bytes: Buffer, taken: () => void][] = [];

  writeHead(statusCode: number, headers: Record<string, string>): void {
    this.head = { statusCode, headers };
  }

  override _write(bytes: Buffer, _encoding: string, taken: () => void): void {
    this.pending.push([bytes, taken]);
  }

  /** Takes everything that lies there. */
  async read(): Promise<string> {
    for (let next = this.pending.shift(); next; next = this.pending.shift()) {
      this.taken.push(next[0]);
      next[1]();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return Buffer.concat(this.taken.splice(0)).toString("latin1");
  }
}

function viewing(lastsMs = 5000) {
  const clock = new FakeClock();
  const response = new FakeResponse();
  const said: string[] = [];
  const viewer = new HttpViewer({
    response: response as unknown as ServerResponse,
    clock,
    lastsMs,
    onLeave: () => said.push("left"),
    onRefusal: ({ code }) => said.push(code),
  });
  const show = (text: string) => viewer.show({ jpeg: Buffer.from(text), at: clock.elapsed() });
  return { clock, response, said, viewer, show };
}

describe("a viewer by HTTP", () => {
  it("is told when each picture has ended", async () => {
    const { response, show } = viewing();
    show("one");
    assert.equal(
      await response.read(),
      "--streampulse\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n\r\none\r\n--streampulse\r\n",
    );
    show("three");
    assert.equal(
      await response.read(),
      "Content-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nthree\r\n--streampulse\r\n",
    );
  });

  it("who is slow gets the newest picture, and one lies there for him at most", async () => {
    const { response, show } = viewing(600_000);
    const big = (letter: string) => letter.repeat(1_000_000);
    for (const letter of "abcdefgh") show(big(letter));
    assert.ok(response.writableLength < 1_100_000, String(response.writableLength));
    const first = await response.read();
    assert.ok(first.includes("aaa") && !first.includes("bbb"));
    assert.ok(first.includes("hhh") && !first.includes("ggg"));
  });

  it("who takes nothing at all is shown out after 15 s", () => {
    const { clock, response, said, show } = viewing(600_000);
    show("a".repeat(100_000));
    clock.pass(14_900);
    assert.equal(response.destroyed, false);
    clock.pass(200);
    assert.equal(response.destroyed, true);
    response.emit("close");
    assert.deepEqual([said, clock.pending], [["left"], 0]);
  });

  it("is shown out when his time is over, also when he has not taken everything", async () => {
    const { clock, response, said, show } = viewing(5000);
    show("a".repeat(100_000));
    clock.pass(5000);
    assert.deepEqual([said, response.writableEnded, response.destroyed], [["left"], true, false]);
    clock.pass(2000);
    assert.equal(response.destroyed, true);
    show("late");
    assert.ok(!(await response.read()).includes("late"));
  });

  it("to whom nothing comes is told so, with nothing written", () => {
    const { clock, response, said, viewer } = viewing();
    clock.pass(14_000);
    assert.deepEqual([said, response.head, response.writableEnded], [["timeout", "left"], undefined, false]);
    viewer.end(new Refusal(503, "again", "Again."));
    assert.deepEqual(said, ["timeout", "left"]);
    assert.equal(clock.pending, 0);
  });

  it("leaves once, however he goes", () => {
    const { clock, response, said, show } = viewing();
    show("one");
    response.emit("close");
    response.emit("error", new Error("gone"));
    clock.pass(60_000);
    assert.deepEqual([said, clock.pending], [["left"], 0]);
  });
});
