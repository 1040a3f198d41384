import type { Check, Outage, StreamState, Transition } from "../../contracts/check";
import type { Reason } from "../../contracts/reasons";
import { settingsSchema, type ProbeSettings } from "../../contracts/settings";
import { streamSchema, type Stream } from "../../contracts/stream";
import { ProbeEngine } from "../../nodes/stream-probe/engine";
import type { MonitorSettings } from "../../nodes/stream-probe/monitored-stream";
import type {
  ProbeNotMade,
  Prober,
  ProbeRequest,
  ProbeResult,
} from "../../nodes/stream-probe/probers/prober";
import type { GrabbedPicture } from "../../nodes/stream-probe/ffmpeg/picture-grab";
import type { MediaTools } from "../../nodes/stream-probe/ffmpeg";
import { Resolver } from "../../common/camera/resolver";
import { FakeClock } from "./fake-clock";
import { RecordingLogger } from "./recording-logger";

/** A machine on which nothing is installed, until a test says otherwise. */
export class FakeTools implements MediaTools {
  hasRoom = true;
  /** The streams that ffprobe was shown, by path. */
  readonly deepChecks: string[] = [];
  /** The streams that ffmpeg took a picture of, by path. */
  readonly grabs: string[] = [];
  onDeepCheck: (request: ProbeRequest) => Promise<Partial<ProbeResult> | ProbeNotMade> = () =>
    Promise.resolve({ notMade: "no ffprobe" });
  onGrab: (request: ProbeRequest) => Promise<GrabbedPicture | ProbeNotMade> = () =>
    Promise.resolve({ notMade: "no ffmpeg" });

  async deepCheck(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade> {
    this.deepChecks.push(request.url.path);
    const given = await this.onDeepCheck(request);
    if ("notMade" in given) return given;
    const reason = given.reason ?? "ok";
    const message = reason === "ok" ? "ffprobe reads h264 640x480" : "ffprobe finds nothing";
    const base = { message, latencyMs: null, timings: {}, level: "deep", credentialsRefused: false } as const;
    return { ...base, ...given, reason };
  }

  grabPicture(request: ProbeRequest): Promise<GrabbedPicture | ProbeNotMade> {
    this.grabs.push(request.url.path);
    return this.onGrab(request);
  }

  stop(): void {}
}

/** An engine on a fake clock whose cameras answer what a test says. */
export class FakeProbing {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly checks: Check[] = [];
  readonly transitions: Transition[] = [];
  readonly outages: Outage[] = [];
  readonly states: StreamState[][] = [];
  /** "cam: bytes" */
  readonly pictures: string[] = [];
  /** What ffprobe and ffmpeg say. */
  readonly tools = new FakeTools();
  /** Every probe that began: what it was asked, and when. */
  readonly probes: { path: string; at: number; request: ProbeRequest }[] = [];
  /** What the camera at a path answers; a function is asked each time. */
  readonly answers = new Map<string, Reason | (() => Promise<Partial<ProbeResult> | ProbeNotMade>)>();
  inFlight = 0;
  mostInFlight = 0;
  readonly engine: ProbeEngine;

  constructor() {
    const prober: Prober = { probe: (request) => this.probe(request) };
    this.engine = new ProbeEngine({
      clock: this.clock,
      logger: this.logger,
      network: { clock: this.clock, resolver: new Resolver(this.clock), connections: new Set() },
      probers: { rtsp: prober, http: prober },
      tools: this.tools,
      output: {
        checks: (checks) => this.checks.push(...checks),
        transition: (transition) => this.transitions.push(transition),
        outage: (outage) => this.outages.push(outage),
        states: (states) => this.states.push(states),
        picture: (stream, jpeg) => this.pictures.push(`${stream}: ${jpeg.toString()}`),
      },
    });
  }

  /** "cam: up→down timeout" for each transition since the last call. */
  told(): string[] {
    return this.transitions
      .splice(0)
      .map(({ stream, from, to, reason }) => `${stream}: ${from}→${to} ${reason}`);
  }

  /** Starts and says that nothing was confirmed before, so that transitions are told at once. */
  begin(streams: Stream[], settings = monitorSettings()): void {
    this.engine.setStreams(streams, settings);
    this.engine.restore([], 0);
  }

  private async probe(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade> {
    const { path } = request.url;
    this.probes.push({ path, at: this.clock.elapsed(), request });
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      const answer = this.answers.get(path) ?? "ok";
      const given = typeof answer === "function" ? await answer() : { reason: answer };
      if ("notMade" in given) return given;
      const reason = given.reason ?? "ok";
      return {
        message: reason,
        latencyMs: 1,
        timings: {},
        level: "handshake",
        credentialsRefused: false,
        ...given,
        reason,
      };
    } finally {
      this.inFlight--;
    }
  }
}

export function monitorSettings(heartbeat_seconds = 20, probe: Partial<ProbeSettings> = {}): MonitorSettings {
  return settingsSchema.parse({ heartbeat_seconds, probe });
}

/** A stream on a host of its own. */
export function stream(name: string, more: Partial<Stream> = {}): Stream {
  return streamSchema.parse({ name, url: `rtsp://${name}.test/${name}`, ...more });
}
