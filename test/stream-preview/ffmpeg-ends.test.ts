import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { RtspCamera, withCredentials } from "../../demo/cameras";
import { Door } from "../support/door";
import { fakeProgram } from "../support/fake-program";
import { GstCamera } from "../support/gst-camera";
import { media } from "../support/media";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { isAlive, LiveViewer, ownFfmpegs, PreviewNode, refusal } from "./support";

describe("live pictures by ffmpeg that end", needs("ffmpeg"), () => {
  it("say that the password is wrong, and try it once", async (t) => {
    const digest = { username: "viewer", password: "right" };
    const camera = new RtspCamera({ streams: [{ path: "/live", digest }] });
    t.after(() => camera.stop());
    const { port } = new URL((await camera.start()).url);
    const door = await Door.start(t, Number(port));
    const url = `rtsp://127.0.0.1:${door.port}/live`;
    const preview = await PreviewNode.start(t);
    await preview.setStreams({
      bad: withCredentials(url, { username: "viewer", password: "s3cret" }),
      none: url,
      nowhere: camera.url("/nowhere"),
    });
    assert.match(
      await refusal(preview.url("/preview/bad")),
      /^502 auth_failed: The camera refuses this user name or password \(.*401.*\)\. /,
    );
    const { connections } = door;
    assert.ok(connections > 0);
    assert.match(await refusal(preview.url("/preview/bad")), /^502 auth_failed: /);
    assert.equal(door.connections, connections);
    assert.match(await refusal(preview.url("/preview/none")), /^502 auth_required: /);
    assert.match(await refusal(preview.url("/preview/nowhere")), /^502 wrong_path: /);
    assert.deepEqual(ownFfmpegs(), []);
  });

  it("end with the node, at once", needs("gst-rtsp-server"), async (t) => {
    const camera = new GstCamera();
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: (await camera.start()).url });
    const viewer = new LiveViewer(preview.url("/preview/gate?keep=1"));
    await viewer.see(1);
    const pids = ownFfmpegs();
    const began = performance.now();
    await preview.node.close();
    // Node-RED waits 15 s for a node
    assert.ok(performance.now() - began < 10_000);
    assert.deepEqual([pids.length, pids.some(isAlive)], [1, false]);
    await until(() => viewer.over);
  });

  it(
    "of a stream that was changed end, and so do those of one that is gone",
    needs("gst-rtsp-server"),
    async (t) => {
      const camera = new GstCamera();
      t.after(() => camera.stop());
      const { url } = await camera.start();
      const preview = await PreviewNode.start(t);
      await preview.setStreams({ gate: url });
      const viewer = new LiveViewer(preview.url("/preview/gate?keep=1"));
      await viewer.see(1);
      // another heartbeat is no other picture
      await preview.setStreams({ gate: { url, heartbeat_seconds: 7 } });
      await viewer.see(viewer.pictures.length + 2);
      await preview.setStreams({});
      await until(() => viewer.over);
      await until(() => ownFfmpegs().length === 0);
      assert.match(
        await refusal(preview.url("/preview/gate")),
        /^404 stream_not_found: No stream is named "gate"\./,
      );
    },
  );

  it("of a camera that freezes end by the clock", needs("gst-rtsp-server"), async (t) => {
    const camera = new GstCamera();
    t.after(() => camera.stop());
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: (await camera.start()).url });
    const viewer = new LiveViewer(preview.url("/preview/gate?seconds=600"));
    await viewer.see(1);
    camera.freeze();
    await until(() => viewer.over);
    await until(() => ownFfmpegs().length === 0);
    camera.thaw();
  });
});

describe("live pictures by an ffmpeg that is not there, or misbehaves", () => {
  const withFfmpeg = async (t: Parameters<typeof PreviewNode.start>[0], ffmpegPath: string) => {
    const preview = await PreviewNode.start(t, { ffmpegPath });
    await preview.setStreams({ gate: "rtsp://viewer:s3cret@127.0.0.1:9/live" });
    return preview;
  };

  it("are refused with what to install", async (t) => {
    const preview = await withFfmpeg(t, "/does/not/exist");
    assert.equal(
      await refusal(preview.url("/preview/gate")),
      "503 not_possible: No picture can be shown: FFMPEG_PATH names no program that can be run: mend it, or unset it.",
    );
    assert.deepEqual(preview.sessions, ["+gate", "-gate"]);
  });

  it("are refused where it would verify no certificate", async (t) => {
    const preview = await PreviewNode.start(t);
    await preview.setStreams({ gate: { url: "rtsps://127.0.0.1:9/", tls_verify: true } });
    assert.match(await refusal(preview.url("/preview/gate")), /^503 not_possible: .*tls_verify/);
  });

  const rows: [name: string, script: string, expected: RegExp][] = [
    [
      "floods",
      "setInterval(() => process.stdout.write(Buffer.alloc(65536)), 0)",
      /^50[23] (no_picture|not_possible): /,
    ],
    [
      "fails",
      "process.stderr.write('rtsp://x/y: Invalid data'); process.exitCode = 1",
      /^502 no_picture: ffmpeg gives no picture: Invalid data\.$/,
    ],
    [
      "says the password",
      "process.stderr.write('bad s3cret'); process.exitCode = 1",
      /^502 no_picture: ffmpeg gives no picture: bad \*\*\*\.$/,
    ],
    [
      "says nothing",
      "process.exitCode = 3",
      /^502 no_picture: ffmpeg gives no picture: it ended with code 3\.$/,
    ],
  ];
  for (const [name, script, expected] of rows) {
    it(`are refused when it ${name}`, async (t) => {
      const preview = await withFfmpeg(t, fakeProgram(temporaryFolder(t), "ffmpeg", script));
      assert.match(await refusal(preview.url("/preview/gate")), expected);
    });
  }

  it("are told by each version what they must be told", async (t) => {
    const picture = media("picture.jpg").toString("hex");
    const script = `note(args.join(" ")); process.stdout.write(Buffer.from("${picture}", "hex"));`;
    for (const [version, option] of [
      ["4.4", "-stimeout 5000000"],
      ["5.1", "-vsync passthrough"],
      ["7.0", "-fps_mode passthrough"],
    ] as const) {
      const file = fakeProgram(temporaryFolder(t), "ffmpeg", script, version);
      const preview = await withFfmpeg(t, file);
      const viewer = new LiveViewer(preview.url("/preview/gate"));
      await until(() => viewer.over);
      assert.ok(viewer.pictures.length === 1, version);
      const notes = readFileSync(`${file}.notes`, "utf8");
      assert.ok(notes.includes(option), notes);
      assert.match(notes, /-rtsp_transport tcp/);
      assert.match(notes, /-i rtsp:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32} /);
      assert.ok(!notes.includes("s3cret"));
    }
  });
});
