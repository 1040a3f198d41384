import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../common/clock";
import { silentLogger } from "../../common/logger";
import type { Transition } from "../../contracts/check";
import type { Stream } from "../../contracts/stream";
import { RtspCamera } from "../../demo/cameras";
import { ProbeClient } from "../../nodes/stream-probe/probe-client";
import { monitorSettings, stream } from "../support/fake-probing";
import { GstCamera } from "../support/gst-camera";
import { needs } from "../support/needs";
import { NetworkNamespace } from "../support/network-namespace";
import { ReadyProcess } from "../support/ready-process";
import { answering, describeOk, rtsp, ScriptedCamera } from "../support/scripted-camera";
import { until } from "../support/until";

const HEARTBEAT_MS = 2000;
/** The second look comes this much later. */
const CONFIRM_MS = 500;
/** What a loaded machine may add. */
const SLACK_MS = 5000;

/** Watches one stream with the real probe thread, and says what was confirmed and when. */
class Watch {
  readonly transitions: (Transition & { heardAt: number })[] = [];
  private readonly client: ProbeClient;

  constructor(private readonly watched: Stream) {
    this.client = new ProbeClient({
      clock: systemClock,
      logger: silentLogger,
      onChecks: () => {},
      onTransition: (transition) => this.transitions.push({ ...transition, heardAt: Date.now() }),
      onOutage: () => {},
      onStates: () => {},
      onPicture: () => {},
      onStatistics: () => {},
    });
  }

  async startUp(): Promise<void> {
    this.client.start();
    this.client.setStreams([this.watched], monitorSettings(HEARTBEAT_MS / 1000, { media_seconds: 2 }), []);
    this.client.restore([], 0);
    await until(() => this.transitions.at(-1)?.to === "up");
  }

  /** Waits for the next verdict after something happened, and checks how long it took. */
  async verdictWithin(mostMs: number): Promise<string> {
    const [count, since] = [this.transitions.length, Date.now()];
    await until(() => this.transitions.length > count, 60_000);
    const { to, reason, message, heardAt } = this.transitions[count] as (typeof this.transitions)[number];
    const tookMs = heardAt - since;
    assert.ok(
      tookMs <= mostMs + SLACK_MS,
      `${to} ${reason} took ${tookMs} ms, and ${mostMs} ms would be right`,
    );
    return `${to} ${reason}: ${message ?? ""}`;
  }

  stop(): Promise<void> {
    return this.client.stop();
  }
}

describe("a camera that dies", () => {
  it("by closing its port: connect_refused", async (context) => {
    const camera = new RtspCamera({ streams: [{ path: "/live" }] });
    await camera.start();
    const watch = new Watch(stream("gate", { url: camera.url("/live"), timeout_ms: 2000 }));
    context.after(() => Promise.all([watch.stop(), camera.stop()]));
    await watch.startUp();
    await camera.stop();
    assert.match(
      await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS),
      /^down connect_refused: connection refused by 127/,
    );
    await camera.start();
    assert.equal(await watch.verdictWithin(HEARTBEAT_MS), "up ok: RTSP 200");
  });

  it("by sending no more pictures, though it answers: no_media", async (context) => {
    const state = { sends: true };
    const packet = Buffer.alloc(40);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(96, 1);
    const camera = await ScriptedCamera.start(
      answering((request, socket) => {
        if (request.startsWith("DESCRIBE")) return describeOk(request);
        if (request.startsWith("SETUP")) {
          return rtsp(request, "200 OK", { Session: "1", Transport: "RTP/AVP/TCP;unicast;interleaved=0-1" });
        }
        if (request.startsWith("PLAY") && state.sends) {
          setImmediate(() => socket.write(Buffer.concat([Buffer.from([0x24, 0, 0, 40]), packet])));
        }
        return rtsp(request, "200 OK", { Session: "1" });
      }),
    );
    const watch = new Watch(stream("gate", { url: camera.url("/live") }));
    context.after(() => Promise.all([watch.stop(), camera.stop()]));
    await watch.startUp();
    state.sends = false;
    // no RTP is believed after 5 s, twice
    assert.equal(
      await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS + 2 * 5000),
      "down no_media: no RTP within 5 s",
    );
    state.sends = true;
    assert.equal(await watch.verdictWithin(HEARTBEAT_MS + 5000), "up ok: RTSP 200");
  });

  describe("as a real one", needs("gst-rtsp-server"), () => {
    const camera = new GstCamera();
    let watch: Watch;
    before(async () => {
      const { url } = await camera.start();
      watch = new Watch(stream("gate", { url, timeout_ms: 2000 }));
      await watch.startUp();
    });
    after(() => Promise.all([watch?.stop(), camera.stop()]));

    it("by freezing: its port still takes connections, and nobody answers: timeout", async () => {
      camera.freeze();
      const limits = 2 * 2000;
      assert.match(await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS + limits), /^down timeout: timeout/);
      camera.thaw();
      assert.equal(await watch.verdictWithin(HEARTBEAT_MS + 2000), "up ok: RTSP 200");
    });

    it("by the end of its process: connect_refused", async () => {
      await camera.stop();
      assert.match(await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS), /^down connect_refused/);
    });
  });

  describe("on a host of its own", NetworkNamespace.possible, () => {
    const host = new NetworkNamespace();
    let camera: ReadyProcess;
    let watch: Watch;
    before(async () => {
      host.start();
      const [file = "", ...args] = [
        ...host.command,
        process.execPath,
        path.join(__dirname, "camera-host.js"),
        host.address,
        "8554",
      ];
      camera = new ReadyProcess({ file, args, ready: /^ready (\S+)$/m });
      await camera.start();
      watch = new Watch(stream("gate", { url: `rtsp://${host.address}:8554/live`, timeout_ms: 2000 }));
      await watch.startUp();
    });
    after(async () => {
      await watch?.stop();
      await camera?.stop();
      host.stop();
    });

    it("by a route that is dropped: unreachable", async () => {
      host.dropRoute();
      assert.match(
        await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS),
        /^down unreachable: no route to 10\.199\./,
      );
      host.restoreRoute();
      assert.equal(await watch.verdictWithin(HEARTBEAT_MS), "up ok: RTSP 200");
    });

    it("by a plug that is pulled: timeout", async () => {
      host.unplug();
      const limits = 2 * 2000;
      // whether the system gives up asking for the host, or we do, is a matter of its timing
      assert.match(
        await watch.verdictWithin(HEARTBEAT_MS + CONFIRM_MS + limits),
        /^down (timeout|unreachable): /,
      );
      host.plug();
      assert.equal(await watch.verdictWithin(HEARTBEAT_MS + 2000), "up ok: RTSP 200");
    });
  });
});
