import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { H264 } from "../../demo/cameras/pictures";
import { RtspCamera, type RtspCameraOptions } from "../../demo/cameras";
import { request, RtspClient } from "../support/rtsp-client";

const TCP = { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" };

async function started(t: TestContext, options: Partial<RtspCameraOptions> = {}) {
  const camera = new RtspCamera({ streams: [{ path: "/live" }], ...options });
  const { url } = await camera.start();
  t.after(() => camera.stop());
  const client = await RtspClient.connect(url);
  t.after(() => client.close());
  return { camera, url, client };
}

describe("simulated RTSP camera", () => {
  it("names its methods, and repeats CSeq", async (t) => {
    const { client } = await started(t);
    const { status, headers } = await client.ask("OPTIONS", "*", 4711);
    assert.equal(status, 200);
    assert.equal(headers.cseq, "4711");
    assert.equal(headers.public, "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER, SET_PARAMETER");
  });

  it("describes an H.264 track with its parameter sets", async (t) => {
    const { client, url } = await started(t);
    const { status, headers, body } = await client.ask("DESCRIBE", url, 1, { Accept: "application/sdp" });
    assert.equal(status, 200);
    assert.equal(headers["content-type"], "application/sdp");
    assert.equal(headers["content-base"], `${url}/`);
    const sets = `${H264.sps.toString("base64")},${H264.pps.toString("base64")}`;
    assert.match(body, /^m=video 0 RTP\/AVP 96\r$/m);
    assert.ok(
      body.includes(
        `a=fmtp:96 packetization-mode=1;profile-level-id=42c00d;sprop-parameter-sets=${sets}\r\n`,
      ),
    );
    assert.doesNotMatch(body, /^m=audio/m);
  });

  it("plays: whole key frames in RTP, with growing times, after the answer and until TEARDOWN", async (t) => {
    const { client, url } = await started(t, { streams: [{ path: "/live", fps: 50 }] });
    const setup = await client.ask("SETUP", `${url}/trackID=0`, 1, {
      Transport: "RTP/AVP/TCP;unicast;interleaved=4-5",
    });
    assert.equal(setup.status, 200);
    assert.match(setup.headers.transport ?? "", /^RTP\/AVP\/TCP;unicast;interleaved=4-5;ssrc=[0-9a-f]{8}$/);
    assert.match(setup.headers.session ?? "", /^[0-9a-f]{16};timeout=60$/);
    const Session = setup.headers.session?.split(";")[0] as string;
    assert.equal(client.frames.length, 0);

    const play = await client.ask("PLAY", url, 2, { Session });
    assert.equal(play.status, 200);
    await client.until(() => client.frames.length >= 6);
    const packets = client.frames.slice(0, 6).map(({ packet }) => packet);
    const info = /seq=(\d+);rtptime=(\d+)/.exec(play.headers["rtp-info"] ?? "");
    assert.equal(packets[0]?.readUInt16BE(2), Number(info?.[1]));
    assert.equal(packets[0]?.readUInt32BE(4), Number(info?.[2]));
    assert.deepEqual(
      packets.map((packet) => packet.subarray(12)),
      [H264.sps, H264.pps, H264.pictures[0], H264.sps, H264.pps, H264.pictures[1]],
    );
    assert.deepEqual(
      packets.map((packet) => packet[1]),
      [96, 96, 224, 96, 96, 224],
      "payload type 96, with the marker on the last packet of a picture",
    );
    const ticks = ((packets[3] as Buffer).readUInt32BE(4) - packets[0].readUInt32BE(4)) >>> 0;
    assert.equal(ticks, 1800);
    assert.ok(client.frames.every(({ channel }) => channel === 4));

    assert.equal((await client.ask("GET_PARAMETER", url, 3, { Session })).status, 200);
    assert.equal((await client.ask("TEARDOWN", url, 4, { Session })).status, 200);
    assert.equal((await client.ask("PLAY", url, 5, { Session })).status, 454);
  });

  it("sends audio beside video on a channel of its own", async (t) => {
    const { client, url } = await started(t, { streams: [{ path: "/live", fps: 50, audio: true }] });
    const video = await client.ask("SETUP", `${url}/trackID=0`, 1, TCP);
    const Session = video.headers.session?.split(";")[0] as string;
    const audio = await client.ask("SETUP", `${url}/trackID=1`, 2, { ...TCP, Session });
    assert.match(audio.headers.transport ?? "", /interleaved=2-3/, "0-1 is taken");
    await client.ask("PLAY", url, 3, { Session });
    await client.until(() => client.frames.some(({ channel }) => channel === 2));
    const packet = client.frames.find(({ channel }) => channel === 2)?.packet as Buffer;
    assert.equal(packet[1], 0);
    assert.deepEqual(packet.subarray(12), Buffer.alloc(160, 0xff));
  });

  it("answers pipelined requests in their order, each as late as it is told", async (t) => {
    const { client, url } = await started(t, { latencyMs: 20 });
    const rtcp = Buffer.from([0x24, 1, 0, 4, 0x80, 201, 0, 0]);
    const start = performance.now();
    client.socket.write(request("OPTIONS", url, 7));
    client.socket.write(Buffer.concat([rtcp, Buffer.from("\r\n" + request("DESCRIBE", `${url}x`, 8))]));
    client.socket.write(request("DESCRIBE", url, 9).slice(0, 20));
    client.socket.write(request("DESCRIBE", url, 9).slice(20));
    const answers = [await client.answer(), await client.answer(), await client.answer()];
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.cseq]),
      [
        [200, "7"],
        [404, "8"],
        [200, "9"],
      ],
    );
    assert.ok(performance.now() - start >= 55);
  });

  const faults: [string, string, number][] = [
    ["no CSeq", "OPTIONS * RTSP/1.0\r\n\r\n", 400],
    ["not RTSP", "GET / HTTP/1.1\r\n\r\n", 400],
    ["another version", "OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n", 505],
    ["a head without end", `OPTIONS * RTSP/1.0\r\nX: ${"x".repeat(9000)}`, 413],
    ["a body too large", "SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999\r\n\r\n", 413],
    ["an unknown method", request("BREW", "rtsp://h/live", 1), 501],
    ["a method it does not have", request("RECORD", "rtsp://h/live", 1), 405],
    ["a feature it does not have", request("OPTIONS", "*", 1, { Require: "com.example.x" }), 551],
    ["a wrong path", request("DESCRIBE", "rtsp://h/liv", 1), 404],
    ["a description it does not have", request("DESCRIBE", "rtsp://h/live", 1, { Accept: "text/xml" }), 406],
    ["a track it does not have", request("SETUP", "rtsp://h/live/trackID=1", 1, TCP), 404],
    ["SETUP of all tracks at once", request("SETUP", "rtsp://h/live", 1, TCP), 459],
    [
      "UDP",
      request("SETUP", "rtsp://h/live/trackID=0", 1, { Transport: "RTP/AVP;unicast;client_port=8000-8001" }),
      461,
    ],
    ["PLAY without a session", request("PLAY", "rtsp://h/live", 1), 454],
  ];
  for (const [name, bytes, status] of faults) {
    it(`answers ${status} to ${name}`, async (t) => {
      const { client } = await started(t);
      client.socket.write(bytes);
      assert.equal((await client.answer()).status, status);
    });
  }

  it("survives noise, clients that vanish and clients that never read", async (t) => {
    const { camera, client, url } = await started(t);
    const noisy = await RtspClient.connect(url);
    noisy.socket.write(Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * 7919) % 251)));
    await noisy.until(() => noisy.closed);
    const deaf = await RtspClient.connect(url);
    deaf.socket.pause();
    // A socket that is not read learns only by writing that the other side has gone.
    while (!deaf.closed) {
      deaf.socket.write(request("DESCRIBE", url, 1).repeat(1000));
      await new Promise(setImmediate);
    }
    const gone = await RtspClient.connect(url);
    gone.socket.write(request("DESCRIBE", url, 1));
    gone.socket.resetAndDestroy();
    assert.equal((await client.ask("DESCRIBE", camera.url("/live"), 1)).status, 200);
  });

  it("stops within a second, closes every connection, and comes back on the same port", async (t) => {
    const { camera, client, url } = await started(t, { latencyMs: 10_000 });
    client.socket.write(request("OPTIONS", "*", 1));
    const start = performance.now();
    await camera.stop();
    await camera.stop();
    await client.until(() => client.closed);
    assert.ok(performance.now() - start < 1000);
    await assert.rejects(RtspClient.connect(url), { code: "ECONNREFUSED" });
    assert.deepEqual(await camera.start(), { url });
  });
});
