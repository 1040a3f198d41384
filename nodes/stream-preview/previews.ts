import type { Clock } from "../../common/clock";
import { CredentialLock } from "../../common/camera/credential-lock";
import type { Logger } from "../../common/logger";
import type { Transition } from "../../contracts/check";
import { isStopped, settingsSchema, type Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import { Channel, type Viewer } from "./channel";
import type { Picture, Purpose } from "./picture";
import type { CameraPictures } from "./camera-pictures";
import { Places } from "./places";
import { ENDED, knownRefusal, Refusal } from "./refusal";
import { isSameSource, watchedStream, type WatchedStream } from "./watched-stream";

/** The probe forgets somebody who does not say within five minutes that he still watches. */
const SAY_AGAIN_MS = 2 * 60_000;
const CHANGED = new Refusal(503, "changed", "The stream was changed in config.yaml: open it again.");
const MOST_SHOWN = 200;
/** Each keeps a picture that is on its way to him. */
const MOST_VIEWERS = 100;
const TOO_MANY = new Refusal(503, "busy", `${MOST_VIEWERS} people look already: try again later.`, 30);

export interface PreviewsOptions {
  clock: Clock;
  logger: Logger;
  cameras: CameraPictures;
  /** How many streams are looked at at once. */
  most: number;
  /** Tells the probe that a stream is looked at, or no longer. */
  onSession(stream: string, open: boolean): void;
  /** The number of those who look has changed. */
  onWatching(): void;
}

/** Everybody who looks at a stream, and what is open for them: one connection a stream. */
export class Previews {
  /** By name. */
  streams: ReadonlyMap<string, WatchedStream> = new Map();
  private settings: Settings = settingsSchema.parse({});
  private readonly channels = new Map<string, Channel>();
  private readonly places: Places;
  private readonly lock: CredentialLock;
  private stopped = false;

  constructor(private readonly options: PreviewsOptions) {
    this.places = new Places(options.clock, options.most);
    this.lock = new CredentialLock(options.clock);
  }

  /** How many look at something. */
  get viewers(): number {
    return [...this.channels.values()].reduce((sum, { watching }) => sum + watching, 0);
  }

  /** Home Assistant is told of this stream, and shows its picture. */
  wantsImages(name: string): boolean {
    const { mqtt } = this.settings;
    return mqtt.enabled && mqtt.discovery && (this.streams.get(name)?.pictureMinutes ?? 0) > 0;
  }

  setStreams(list: readonly Stream[], settings: Settings = settingsSchema.parse({})): void {
    const before = this.streams;
    this.settings = settings;
    const streams = new Map<string, WatchedStream>();
    for (const entry of list) {
      const stream = watchedStream(entry, settings);
      const known = before.get(entry.name);
      if (known && isSameSource(known, stream) && !isStopped(settings, "monitor")) {
        stream.state = known.state;
        stream.reason = known.reason;
      }
      streams.set(stream.name, stream);
    }
    this.streams = streams;
    for (const [name, channel] of this.channels) {
      const [old, now] = [before.get(name), this.streams.get(name)];
      if (!old || !now || !isSameSource(old, now)) channel.close(CHANGED);
    }
    this.options.cameras.keepOnly(new Set([...streams.values()].map(({ host }) => host)));
  }

  learn({ stream, to, reason }: Transition): void {
    const known = this.streams.get(stream);
    if (known) Object.assign(known, { state: to, reason });
  }

  /** @returns the stream of this name, or that there is none */
  find(name: unknown): WatchedStream | Refusal {
    if (typeof name !== "string" || name === "") {
      return new Refusal(400, "stream_missing", "Say which stream: as msg.req.params.name or msg.stream.");
    }
    const shown = JSON.stringify(name.slice(0, MOST_SHOWN));
    return this.streams.get(name) ?? new Refusal(404, "stream_not_found", `No stream is named ${shown}.`);
  }

  /** The newest picture of a stream that is looked at just now. */
  latest(name: string): Picture | undefined {
    const channel = this.channels.get(name);
    return channel?.closing === false ? channel.latest : undefined;
  }

  /** Looks at a stream. @returns call it when the viewer leaves */
  watch(stream: WatchedStream, viewer: Viewer): () => void {
    if (this.stopped || this.viewers >= MOST_VIEWERS) {
      viewer.end(this.stopped ? ENDED : TOO_MANY);
      return () => {};
    }
    let channel = this.channels.get(stream.name);
    if (!channel || channel.closing) channel = this.open(stream, viewer.purpose, channel);
    const leave = channel.join(viewer);
    this.options.onWatching();
    return () => {
      leave();
      this.options.onWatching();
    };
  }

  /** Ends everything; resolves when nothing is open any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const channel of this.channels.values()) channel.close(ENDED);
    this.options.cameras.stop();
    await Promise.all([...this.channels.values()].map(({ ended }) => ended));
  }

  private open({ name }: WatchedStream, purpose: Purpose, before: Channel | undefined): Channel {
    const channel: Channel = new Channel({
      clock: this.options.clock,
      run: (give, signal) => this.look(name, purpose, channel, give, signal),
      onEnd: () => {
        if (this.channels.get(name) === channel) this.channels.delete(name);
        this.options.onWatching();
      },
      onBug: (error) =>
        this.options.logger.error(`a preview failed: ${String((error as Error).stack ?? error)}`),
    });
    this.channels.set(name, channel);
    void channel.start(before?.ended);
    return channel;
  }

  /** From the wait for a place to the end of the pictures. */
  private async look(
    name: string,
    purpose: Purpose,
    channel: Channel,
    give: (jpeg: Buffer) => void,
    signal: AbortSignal,
  ): Promise<Refusal> {
    const stream = this.find(name);
    if (stream instanceof Refusal) return stream;
    const { host, access, account, reason } = stream;
    if (reason === "auth_failed" || this.lock.mustWithhold(account)) return knownRefusal("auth_failed");
    const mostPerHost = this.settings.probe.max_per_host;
    const release = await this.places.take({ host, mostPerHost, purpose, signal });
    if (release instanceof Refusal) return release;
    const endSession = this.beginSession(name);
    try {
      if (signal.aborted) return ENDED;
      channel.expectPicture();
      const because = await this.options.cameras.look(access, give, signal);
      if (because.code === "auth_failed" && access.url.username !== undefined) this.lock.refused(account);
      return because;
    } finally {
      endSession();
      release();
    }
  }

  /** @returns ends it */
  private beginSession(name: string): () => void {
    const { clock } = this.options;
    let timer: unknown;
    const say = () => {
      this.options.onSession(name, true);
      timer = clock.setTimeout(say, SAY_AGAIN_MS);
    };
    say();
    return () => {
      clock.clearTimeout(timer);
      this.options.onSession(name, false);
    };
  }
}
