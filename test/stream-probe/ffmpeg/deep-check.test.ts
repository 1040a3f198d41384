import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../../common/clock";
import { parseStreamUrl, StreamUrlError } from "../../../common/stream-url";
import { MjpegCamera, RtspCamera, withCredentials } from "../../../demo/cameras";
import { listen } from "../../../demo/cameras/camera";
import { JPEGS } from "../../../demo/cameras/pictures";
import { FfmpegTools } from "../../../nodes/stream-probe/ffmpeg";
import type { ProbeRequest } from "../../../nodes/stream-probe/probers/prober";
import { certificate } from "../../support/fixtures";
import { fakeProgram } from "../../support/fake-program";
import { GstCamera } from "../../support/gst-camera";
import { needs } from "../../support/needs";
import { answering, rtsp, ScriptedCamera, VIDEO_SDP } from "../../support/scripted-camera";
import { temporaryFolder } from "../../support/temporary-folder";

const request = (url: string, more: Partial<ProbeRequest> = {}): ProbeRequest => ({
  url: parseStreamUrl(url),
  level: "deep",
  timeoutMs: 15_000,
  transport: "tcp",
  tlsVerify: false,
  withholdCredentials: false,
  ...more,
});

const real = (env: NodeJS.ProcessEnv = process.env) => new FfmpegTools(systemClock, env);

/** Reason and message in one line. */
async function verdict(tools: FfmpegTools, url: string, more: Partial<ProbeRequest> = {}): Promise<string> {
  const result = await tools.deepCheck(request(url, more));
  return "notMade" in result ? `not made: ${result.notMade}` : `${result.reason}: ${result.message}`;
}

/** An ffprobe that runs a script instead. */
function faked(t: TestContext, script: string, version?: string): { tools: FfmpegTools; notes: string } {
  const file = fakeProgram(temporaryFolder(t), "ffprobe", script, version);
  return { tools: real({ FFPROBE_PATH: file }), notes: `${file}.notes` };
}

const report = (report: unknown) => `process.stdout.write(${JSON.stringify(JSON.stringify(report))})`;
const GOOD = { streams: [{ codec_type: "video", codec_name: "h264", width: 640, height: 480 }] };

describe("the deep check, by an ffprobe that misbehaves", () => {
  it("takes a picture with a size for a pass", async (t) => {
    const { tools } = faked(t, report(GOOD));
    const result = await tools.deepCheck(request("rtsp://u:p@127.0.0.1/a"));
    assert.ok(!("notMade" in result));
    const { reason, message, level, media, latencyMs, credentialsRefused, timings } = result;
    assert.deepEqual(
      { reason, message, level, media, latencyMs, credentialsRefused },
      {
        reason: "ok",
        message: "ffprobe reads h264 640x480",
        level: "deep",
        media: { codec: "h264", width: 640, height: 480 },
        latencyMs: null,
        credentialsRefused: false,
      },
    );
    assert.ok((timings.mediaMs ?? 0) > 0);
  });

  const failures: [what: string, script: string, expected: string][] = [
    [
      "a width of 0 and exit code 0",
      report({ streams: [{ codec_type: "video", codec_name: "h264", width: 0 }] }),
      "finds h264, but no picture came",
    ],
    ["garbage", "process.stdout.write('{\\u0000')", "answers something that cannot be read"],
    ["nothing", "", "answers something that cannot be read"],
    [
      "a flood",
      "setInterval(() => process.stdout.write('x'.repeat(65536)), 0)",
      "says more than can be read",
    ],
    [
      "a flood of errors",
      "setInterval(() => process.stderr.write('x'.repeat(65536)), 0)",
      "says more than can be read",
    ],
    ["a good report with exit code 1", `${report(GOOD)}; process.exitCode = 1`, "ended with code 1"],
    ["a crash", "process.kill(process.pid, 'SIGSEGV')", "was ended by SIGSEGV"],
    [
      "an error with the address and the password",
      `console.error("first\\n[rtsp @ 0x55d0] http://u:s3cret@h/x: refused by s3cret%2F and s3cret/ \\u0007"); process.exitCode = 1`,
      "cannot read it: refused by *** and ***",
    ],
  ];
  for (const [what, script, expected] of failures) {
    it(`${what} is no pass`, async (t) => {
      const { tools } = faked(t, script);
      const url = "rtsp://u:s3cret%2F@127.0.0.1/a";
      assert.equal(await verdict(tools, url), `deep_check_failed: ffprobe ${expected}`);
    });
  }

  it("is killed by the wall clock", async (t) => {
    const { tools } = faked(t, "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
    const beganAt = performance.now();
    assert.equal(
      await verdict(tools, "rtsp://127.0.0.1/a", { timeoutMs: 1500 }),
      "deep_check_failed: ffprobe reads no picture within 1.5 s",
    );
    assert.ok(performance.now() - beganAt < 10_000);
  });

  it("ends with its owner", async (t) => {
    const { tools, notes } = faked(t, "note('running'); setInterval(() => {}, 1000)");
    const pending = verdict(tools, "rtsp://127.0.0.1/a");
    while (!existsSync(notes) || !readFileSync(notes, "utf8").includes("running")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    tools.stop();
    assert.equal(await pending, "not made: it was ended");
  });

  it("finds refused credentials out, unless none were sent", async (t) => {
    const script = `console.error("[rtsp @ 0x1] method DESCRIBE failed: 401 Unauthorized"); process.exitCode = 1`;
    const { tools } = faked(t, script);
    const refused = async (url: string, more: Partial<ProbeRequest> = {}) => {
      const result = await tools.deepCheck(request(url, more));
      return "notMade" in result ? undefined : result.credentialsRefused;
    };
    assert.equal(await refused("rtsp://u:p@127.0.0.1/a"), true);
    assert.equal(await refused("rtsp://u:p@127.0.0.1/a", { withholdCredentials: true }), false);
    assert.equal(await refused("rtsp://127.0.0.1/a"), false);
  });

  it("says what to install when it is not there", async () => {
    const tools = real({ FFPROBE_PATH: "/nowhere/ffprobe" });
    assert.equal(
      await verdict(tools, "rtsp://127.0.0.1/a"),
      "not made: FFPROBE_PATH names no program that can be run: mend it, or unset it",
    );
  });

  it("is not made where certificates are to be verified, which ffprobe cannot", async (t) => {
    const { tools } = faked(t, report(GOOD));
    assert.match(await verdict(tools, "rtsps://127.0.0.1/a", { tlsVerify: true }), /^not made: .*tls_verify/);
    assert.match(await verdict(tools, "rtsp://127.0.0.1/a", { tlsVerify: true }), /^ok/);
  });

  const echo = `note(JSON.stringify(args)); ${report(GOOD)}`;
  const argumentsOf = async (t: TestContext, url: string, version?: string, more?: Partial<ProbeRequest>) => {
    const { tools, notes } = faked(t, echo, version);
    assert.match(await verdict(tools, url, more), /^ok/);
    return JSON.parse(readFileSync(notes, "utf8").trim().split("\n").at(-1) as string) as string[];
  };

  it("gets options of its version, and no other protocol than it needs", async (t) => {
    const option = (args: string[], name: string) => args[args.indexOf(name) + 1];
    const old = await argumentsOf(t, "rtsp://127.0.0.1/a", "4.0.2-static", { transport: "udp" });
    assert.deepEqual([option(old, "-stimeout"), old.includes("-timeout")], ["5000000", false]);
    assert.equal(option(old, "-rtsp_transport"), "udp");
    const now = await argumentsOf(t, "rtsp://127.0.0.1/a", "5.1.9");
    assert.deepEqual([option(now, "-timeout"), now.includes("-stimeout")], ["5000000", false]);
    assert.equal(option(now, "-protocol_whitelist"), "rtp,udp,tcp,tls");
    const http = await argumentsOf(t, "http://127.0.0.1/a");
    assert.equal(option(http, "-protocol_whitelist"), "http,https,tls,tcp,crypto");
    assert.ok(!http.includes("-rtsp_transport"));
  });

  const evil = [
    "rtsp://-i:-f@127.0.0.1/-i",
    "rtsp://127.0.0.1/;touch$IFS/tmp/x",
    "rtsp://127.0.0.1/$(id)`id`|id&&id",
    "http://127.0.0.1/file:/etc/passwd",
    "http://127.0.0.1/concat:/etc/passwd|/etc/group",
    "http://127.0.0.1/%d.jpg?-protocol_whitelist=file",
    "rtsp://u:s3cret;id@127.0.0.1/a",
  ];
  for (const url of evil) {
    it(`shows on its command line nothing of ${url}`, async (t) => {
      const args = await argumentsOf(t, url);
      assert.match(args.at(-1) ?? "", /^(rtsp|http):\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
      assert.equal(args.at(-2), "-i");
      assert.ok(
        args.slice(0, -1).every((arg) => /^[\w./,:=-]+$/.test(arg)),
        args.join(" "),
      );
      assert.equal(args.filter((arg) => arg === "-i").length, 1);
      assert.ok(!args.join(" ").includes("s3cret"));
    });
  }

  for (const url of [
    "file:/etc/passwd",
    "file:///etc/passwd",
    "concat:rtsp://a|rtsp://b",
    "-i",
    "subfile,,start,0,end,0,,:/etc/passwd",
    "rtsp://a/b\r\n-i",
    "pipe:0",
  ]) {
    it(`never hears of ${JSON.stringify(url)}`, () => {
      assert.throws(() => parseStreamUrl(url), StreamUrlError);
    });
  }
});

/** An HTTP server that gives each path what a test says. @returns its origin */
async function serve(
  t: TestContext,
  pages: Record<string, { type: string; body: string | Buffer }>,
): Promise<string> {
  const server = createServer((incoming: IncomingMessage, response) => {
    const page = pages[incoming.url ?? ""];
    if (page) response.writeHead(200, { "Content-Type": page.type }).end(page.body);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The newest ffprobe of the machine, and the oldest that is supported. */
const editions: [name: string, env: NodeJS.ProcessEnv, options: { skip: string | false }][] = [
  ["ffprobe of the PATH", process.env, needs("ffprobe")],
  ["ffprobe-static 4.0.2", { PATH: "" }, { skip: false }],
];
for (const [name, env, options] of editions) {
  describe(`the deep check, by ${name}`, options, () => {
    it("reads RTSP, with audio", async (t) => {
      const camera = new RtspCamera({ streams: [{ path: "/live", audio: true }] });
      t.after(() => camera.stop());
      const result = await real(env).deepCheck(request((await camera.start()).url));
      assert.ok("media" in result, JSON.stringify(result));
      const { fps, ...media } = result.media ?? {};
      assert.deepEqual(
        [result.reason, media],
        ["ok", { codec: "h264", width: 320, height: 240, audioCodec: "pcmu" }],
      );
      assert.ok(fps === undefined || Math.abs(fps - 10) < 1, String(fps));
    });

    it("proves who it is, with a password that no URL can hold as it is", async (t) => {
      const digest = { username: "viewer", password: "p@ss:w/rd#1 ?%", qop: true };
      const camera = new RtspCamera({ streams: [{ path: "/closed", digest }] });
      t.after(() => camera.stop());
      const { url } = await camera.start();
      const tools = real(env);
      assert.equal(await verdict(tools, withCredentials(url, digest)), "ok: ffprobe reads h264 320x240");
      const wrong = await tools.deepCheck(request(withCredentials(url, { ...digest, password: "x" })));
      assert.ok("reason" in wrong && wrong.credentialsRefused, JSON.stringify(wrong));
      assert.match(wrong.message, /^ffprobe cannot read it: .*401 Unauthorized/);
      const withheld = await tools.deepCheck(
        request(withCredentials(url, digest), { withholdCredentials: true }),
      );
      assert.ok(
        "reason" in withheld && withheld.reason === "deep_check_failed" && !withheld.credentialsRefused,
      );
    });

    it("reads MJPEG, whatever its name", async (t) => {
      const camera = new MjpegCamera({ path: "/img/cam.jpg" });
      t.after(() => camera.stop());
      const { url } = await camera.start();
      assert.equal(await verdict(real(env), url), "ok: ffprobe reads mjpeg 320x240");
    });

    it("goes the encrypted way, to certificates that nobody has signed", async (t) => {
      const camera = await ScriptedCamera.start(
        answering((text) => rtsp(text, "404 Not Found")),
        certificate("valid"),
      );
      t.after(() => camera.stop());
      const said = await verdict(real(env), camera.url("/live", "rtsps://"));
      assert.equal(said, "deep_check_failed: ffprobe cannot read it: Server returned 404 Not Found");
      assert.match(camera.received, /^OPTIONS rtsps?:\/\//);

      const picture = JPEGS[0] as Buffer;
      const web = createSecureServer(certificate("valid"), (_request, response) =>
        response.writeHead(200, { "Content-Type": "image/jpeg" }).end(picture),
      );
      t.after(() => {
        web.closeAllConnections();
        web.close();
      });
      const port = await listen(web, 0, "127.0.0.1");
      assert.equal(await verdict(real(env), `https://127.0.0.1:${port}/`), "ok: ffprobe reads mjpeg 320x240");
    });

    it("a camera that announces and sends nothing is no pass", async (t) => {
      const camera = await ScriptedCamera.start(
        answering((text, socket) => {
          if (text.startsWith("DESCRIBE"))
            return rtsp(text, "200 OK", { "Content-Type": "application/sdp" }, VIDEO_SDP);
          if (text.startsWith("PLAY")) setTimeout(() => socket.end(), 300);
          const transport: Record<string, string> = text.startsWith("SETUP")
            ? { Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" }
            : {};
          return rtsp(text, "200 OK", { Session: "1", ...transport });
        }),
      );
      t.after(() => camera.stop());
      assert.equal(
        await verdict(real(env), camera.url("/live")),
        "deep_check_failed: ffprobe finds h264, but no picture came",
      );
    });

    it("opens no file and no other protocol that a playlist names", async (t) => {
      const reached: string[] = [];
      const bait = await ScriptedCamera.start((socket) => {
        reached.push("connected");
        socket.end();
      });
      t.after(() => bait.stop());
      const segments = [
        "file:///etc/passwd",
        "/etc/passwd.ts",
        "concat:/etc/passwd|/etc/group",
        `tcp://127.0.0.1:${bait.port}`,
        `subfile,,start,0,end,0,,:/etc/passwd`,
        `gopher://127.0.0.1:${bait.port}/`,
      ];
      const lines = segments.map((segment) => `#EXTINF:1,\n${segment}`);
      const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:1\n${lines.join("\n")}\n#EXT-X-ENDLIST\n`;
      const web = await serve(t, {
        "/live.m3u8": { type: "application/vnd.apple.mpegurl", body: playlist },
        "/list.ffconcat": { type: "text/plain", body: "ffconcat version 1.0\nfile /etc/passwd\n" },
        "/cam.sdp": { type: "application/sdp", body: VIDEO_SDP.replace("video 0", "video 9") },
      });
      const tools = real(env);
      for (const page of ["/live.m3u8", "/list.ffconcat", "/cam.sdp"]) {
        assert.match(await verdict(tools, web + page), /^deep_check_failed: /);
      }
      assert.deepEqual(reached, []);
    });

    it("follows no camera to another protocol", async (t) => {
      const bait = await ScriptedCamera.start(() => {});
      t.after(() => bait.stop());
      const camera = await ScriptedCamera.start(
        answering((text) => rtsp(text, "302 Moved", { Location: bait.url("/x", "http://") })),
      );
      t.after(() => camera.stop());
      assert.match(
        await verdict(real(env), camera.url("/live"), { timeoutMs: 4000 }),
        /^deep_check_failed: /,
      );
      // old versions go there, and speak RTSP
      assert.ok(!/^GET|HTTP\//m.test(bait.received), bait.received);
    });
  });
}

describe("the deep check of a real camera", needs("gst-rtsp-server", "ffprobe"), () => {
  for (const [codec, name] of [
    ["h264", "h264"],
    ["h265", "h265"],
    ["mjpeg", "mjpeg"],
  ] as const) {
    it(codec, async (t) => {
      const camera = new GstCamera({ codec });
      t.after(() => camera.stop());
      const { url } = await camera.start();
      assert.equal(await verdict(real(), url), `ok: ffprobe reads ${name} 320x240`);
    });
  }
});
