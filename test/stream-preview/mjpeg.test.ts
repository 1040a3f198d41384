import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { MjpegCamera, withCredentials } from "../../demo/cameras";
import { DigestGuard } from "../../demo/cameras/digest-guard";
import { jpeg } from "../support/media";
import { UstreamerCamera } from "../support/mjpeg-camera";
import { needs } from "../support/needs";
import { answering, ScriptedCamera } from "../support/scripted-camera";
import { until } from "../support/until";
import { difference, LiveViewer, PreviewNode, refusal } from "./support";

/** A part of an MJPEG stream as the tests' cameras write it. */
const part = (picture: Buffer) =>
  Buffer.concat([Buffer.from("--b\r\nContent-Type: image/jpeg\r\n\r\n"), picture, Buffer.from("\r\n")]);
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n";

/** A camera that sends a picture each 50 ms to whoever asks. */
const endless = () =>
  answering((_request, socket) => {
    socket.write(HEAD);
    const timer = setInterval(() => socket.write(part(jpeg())), 50);
    socket.once("close", () => clearInterval(timer));
    return undefined;
  });

describe("a live MJPEG stream", () => {
  it("is passed through, framed anew, for as long as is asked", async (t) => {
    const camera = new MjpegCamera({ fps: 10 });
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ "Küche/1": (await camera.start()).url });
    const viewer = new LiveViewer(preview.url("/preview/K%C3%BCche%2F1?seconds=1"));
    const began = performance.now();
    const pictures = await viewer.see(3);
    assert.equal(viewer.head?.statusCode, 200);
    const { headers } = viewer.head ?? {};
    assert.equal(headers?.["content-type"], "multipart/x-mixed-replace; boundary=streampulse");
    assert.equal(headers?.["cache-control"], "no-store");
    assert.equal(headers?.["x-content-type-options"], "nosniff");
    assert.ok(pictures.every((picture) => picture[0] === 0xff && picture.at(-1) === 0xd9));
    await until(() => viewer.over);
    assert.ok(performance.now() - began >= 900);
    await until(() => preview.sessions.length === 2);
    assert.deepEqual(preview.sessions, ["+Küche/1", "-Küche/1"]);
    assert.deepEqual(preview.node.statuses.at(-1), {});
    assert.deepEqual(preview.answers, []);
  });

  it("lasts 5 s as in v2.2 unless told otherwise", async (t) => {
    const camera = await ScriptedCamera.start(endless());
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: camera.url("/", "http://") });
    const began = performance.now();
    const viewer = new LiveViewer(preview.url("/preview/gate"));
    await viewer.see(1);
    const keeping = new LiveViewer(preview.url("/preview/gate?keep=1"));
    await until(() => viewer.over);
    const lasted = performance.now() - began;
    assert.ok(lasted > 4900 && lasted < 20_000, `${lasted} ms`);
    const { length } = keeping.pictures;
    await keeping.see(length + 3);
    keeping.leave();
    await until(() => camera.open === 0);
  });

  it("moves, of a real camera", needs("ustreamer", "ffmpeg"), async (t) => {
    const camera = new UstreamerCamera();
    const moving = new MjpegCamera();
    t.after(() => Promise.all([camera.stop(), moving.stop()]));
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ real: (await camera.start()).url, moving: (await moving.start()).url });
    const real = new LiveViewer(preview.url("/preview/real"));
    await real.see(1);
    real.leave();
    const viewer = new LiveViewer(preview.url("/preview/moving"));
    const pictures = await viewer.see(4);
    const moved = difference(pictures[0] as Buffer, pictures[3] as Buffer);
    assert.ok(moved > 1, String(moved));
    viewer.leave();
  });

  it("opens one connection however many look, and closes it when the last one leaves", async (t) => {
    const camera = await ScriptedCamera.start(endless());
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: camera.url("/", "http://") });
    const viewers = [1, 2, 3].map(() => new LiveViewer(preview.url("/preview/gate?keep=1")));
    for (const viewer of viewers) await viewer.see(3);
    assert.deepEqual([camera.connections, preview.node.statuses.at(-1)?.text], [1, "3 watching"]);
    viewers[0]?.leave();
    viewers[1]?.leave();
    await until(() => preview.node.statuses.at(-1)?.text === "1 watching");
    await viewers[2]?.see((viewers[2]?.pictures.length ?? 0) + 3);
    assert.equal(camera.open, 1);
    viewers[2]?.leave();
    await until(() => camera.open === 0);
    // whoever comes then opens it anew
    const again = new LiveViewer(preview.url("/preview/gate?keep=1"));
    await again.see(1);
    assert.equal(camera.connections, 2);
    again.leave();
    await until(() => preview.sessions.length === 4);
    assert.deepEqual(preview.sessions, ["+gate", "-gate", "+gate", "-gate"]);
  });

  it("a viewer who reads nothing delays nobody, and is shown out", async (t) => {
    const big = jpeg({ scanBytes: 1_000_000 });
    const camera = await ScriptedCamera.start(
      answering((_request, socket) => {
        socket.write(HEAD);
        const timer = setInterval(() => {
          if (!socket.writableNeedDrain) socket.write(part(big));
        }, 20);
        socket.once("close", () => clearInterval(timer));
        return undefined;
      }),
    );
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: camera.url("/", "http://") });
    const deaf = new LiveViewer(preview.url("/preview/gate?seconds=4"), false);
    await until(() => deaf.head);
    const viewer = new LiveViewer(preview.url("/preview/gate?seconds=20"));
    await viewer.see(40);
    viewer.leave();
    // its time is over, and what it has not read does not keep it
    await until(() => camera.open === 0, 20_000);
  });

  it("answers to digest and basic, and sends a wrong password once in five minutes", async (t) => {
    const guard = new DigestGuard({ username: "viewer", password: "p@ss/w:rd", qop: true });
    const seen: string[] = [];
    const camera = await ScriptedCamera.start(
      answering((request, socket) => {
        const authorization = /^Authorization: (.*)\r$/m.exec(request)?.[1];
        seen.push(authorization?.split(" ")[0] ?? "none");
        const isBasic = request.startsWith("GET /basic");
        const right = Buffer.from("viewer:p@ss/w:rd").toString("base64");
        const isRight = isBasic
          ? authorization === `Basic ${right}`
          : guard.verdict("GET", "/digest", authorization) === "right";
        if (isRight) return Buffer.concat([Buffer.from(HEAD), part(jpeg()), part(jpeg())]);
        const challenge = isBasic ? 'Basic realm="x"' : guard.challenge();
        socket.end(
          `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`,
        );
        return undefined;
      }),
    );
    t.after(() => camera.stop());
    const good = { username: "viewer", password: "p@ss/w:rd" };
    const preview = await PreviewNode.start(t);
    const bad = withCredentials(camera.url("/digest", "http://"), { username: "viewer", password: "s3cret" });
    await preview.setStreams({
      digest: withCredentials(camera.url("/digest", "http://"), good),
      basic: withCredentials(camera.url("/basic", "http://"), good),
      none: camera.url("/digest", "http://"),
      bad,
    });
    for (const name of ["digest", "basic"]) {
      const viewer = new LiveViewer(preview.url(`/preview/${name}`));
      await viewer.see(2);
      viewer.leave();
    }
    assert.match(await refusal(preview.url("/preview/none")), /^502 auth_required: .*HTTP 401/);
    seen.length = 0;
    const said = await refusal(preview.url("/preview/bad"));
    assert.match(
      said,
      /^502 auth_failed: The camera refuses this user name or password \(HTTP 401\)\. Edit /,
    );
    assert.deepEqual(seen, ["none", "Digest"]);
    assert.match(await refusal(preview.url("/snapshot/bad.jpg")), /^502 auth_failed: The camera refuses/);
    assert.deepEqual(seen, ["none", "Digest"]);
    assert.ok(!inspect([preview.node.sent, preview.node.logger], { depth: 10 }).includes("s3cret"));
  });

  it("of a camera that gives one picture for each request is asked for anew", async (t) => {
    let n = 0;
    const camera = await ScriptedCamera.start(
      answering((_request, socket) => {
        const picture = jpeg({ width: 16 + 16 * ++n });
        socket.end(
          Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"), picture]),
        );
        return undefined;
      }),
    );
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ still: camera.url("/still.jpg", "http://") });
    const viewer = new LiveViewer(preview.url("/preview/still"));
    const pictures = await viewer.see(3);
    assert.equal(new Set(pictures.map((picture) => picture.toString("hex"))).size, 3);
    viewer.leave();
    const { connections } = camera;
    await until(() => preview.sessions.at(-1) === "-still");
    assert.ok(camera.connections <= connections + 1);
  });

  it("that goes through nobody's proxy in pieces is cut right, chunked too", async (t) => {
    const camera = await ScriptedCamera.start(
      answering((_request, socket) => {
        const head = `${HEAD.trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n`;
        socket.write(head);
        const bytes = Buffer.concat([part(jpeg({ thumbnail: true })), part(jpeg()), part(jpeg())]);
        for (let at = 0; at < bytes.length; at += 100) {
          const chunk = bytes.subarray(at, at + 100);
          socket.write(
            Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
          );
        }
        return undefined;
      }),
    );
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: camera.url("/", "http://") });
    const viewer = new LiveViewer(preview.url("/preview/gate"));
    const pictures = await viewer.see(1);
    assert.ok([jpeg({ thumbnail: true }), jpeg()].some((known) => known.equals(pictures[0] as Buffer)));
    viewer.leave();
  });
});

describe("an MJPEG stream that is none", () => {
  const flood = (bytes: Buffer) =>
    answering((_request, socket) => {
      socket.write(HEAD);
      const more = () => {
        while (!socket.destroyed && socket.write(bytes));
      };
      socket.on("drain", more);
      more();
      return undefined;
    });
  const rows: [name: string, script: ReturnType<typeof answering>, expected: RegExp][] = [
    [
      "an endless part",
      flood(Buffer.concat([part(jpeg({ open: true })), Buffer.alloc(65_536, 0x55)]).subarray(0, 65_536)),
      /^502 not_a_stream: .*\(no picture within 2 MiB\)/,
    ],
    [
      "no picture at all",
      flood(Buffer.alloc(65_536, 0x20)),
      /^502 not_a_stream: .*\(no picture within 2 MiB\)/,
    ],
    [
      "a picture without end",
      answering((_request, socket) => {
        socket.write(Buffer.concat([Buffer.from(HEAD), part(jpeg({ open: true }))]));
        const more = () => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 0x55)));
        };
        socket.on("drain", more);
        more();
        return undefined;
      }),
      /^502 not_a_stream: .*\(a picture of more than 16 MiB\)/,
    ],
    [
      "a stream that breaks off",
      answering((_request, socket) => {
        socket.end(Buffer.concat([Buffer.from(HEAD), part(jpeg({ open: true }))]));
        return undefined;
      }),
      /^502 connection_closed: .*\(the stream has ended\)/,
    ],
    [
      "a web page",
      answering(() => "HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><html>"),
      /^502 not_a_stream: .*\(it is a web page\)/,
    ],
    ["nothing", answering(() => "HTTP/1.1 404 Not Found\r\n\r\n"), /^502 wrong_path: .*\(HTTP 404\)/],
    ["no HTTP", answering(() => "SSH-2.0-OpenSSH\r\n"), /^502 protocol_error: /],
  ];
  for (const [name, script, expected] of rows) {
    it(`${name}: is refused in a sentence, and nothing stays open`, async (t) => {
      const camera = await ScriptedCamera.start(script);
      t.after(() => camera.stop());
      const preview = await PreviewNode.start(t);
      await preview.setStreams({ gate: camera.url("/", "http://") });
      assert.match(await refusal(preview.url("/preview/gate")), expected);
      await until(() => camera.open === 0);
      assert.deepEqual(preview.sessions, ["+gate", "-gate"]);
    });
  }

  it("that hangs is given up by the clock", async (t) => {
    const camera = await ScriptedCamera.start(answering(() => HEAD));
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: camera.url("/", "http://") });
    const began = performance.now();
    assert.match(await refusal(preview.url("/preview/gate")), /^50[24] (timeout|no_media): /);
    assert.ok(performance.now() - began < 14_000);
    await until(() => camera.open === 0);
  });
});
