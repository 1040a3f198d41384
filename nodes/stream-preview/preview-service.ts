import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { PICTURE_HEADERS, refusalAnswer, type Answer } from "./answer";
import { Cameras } from "./camera-pictures";
import { HttpViewer } from "./http-viewer";
import { ImageFeed } from "./image-feed";
import type { PreviewInput } from "./preview-input";
import { previewLasts, snapshotWish } from "./preview-parameters";
import { Previews } from "./previews";
import { Refusal } from "./refusal";
import { Snapshots } from "./snapshots";

export interface PreviewServiceOptions {
  clock: Clock;
  logger: Logger;
  /** Where ffmpeg is looked for. */
  env: NodeJS.ProcessEnv;
  /** How many streams are looked at at once. */
  most: number;
  onSession(stream: string, open: boolean): void;
  /** A picture for Home Assistant. */
  onImage(stream: string, jpeg: Buffer): void;
  /** The number of those who look has changed. */
  onWatching(): void;
}

type Look = Extract<PreviewInput, { kind: "preview" | "snapshot" }>;

const NO_RESPONSE = new Refusal(
  400,
  "no_response",
  "Live pictures are streamed: they need the message of an http in node.",
);
/** What an image for Home Assistant is at most as wide as: it goes to a broker. */
const IMAGE_WIDTH = 640;

/** Pictures of streams for whoever asks. It knows no Node-RED. */
export class PreviewService {
  private readonly cameras: Cameras;
  private readonly previews: Previews;
  private readonly snapshots: Snapshots;
  private readonly feed: ImageFeed;

  constructor(private readonly options: PreviewServiceOptions) {
    const { clock, logger, env, most } = options;
    this.cameras = new Cameras(clock, env);
    this.previews = new Previews({
      ...{ clock, logger, cameras: this.cameras, most },
      onSession: (stream, open) => options.onSession(stream, open),
      onWatching: () => options.onWatching(),
    });
    this.snapshots = new Snapshots(clock, this.previews, (jpeg, width) =>
      this.cameras.resizer.resize(jpeg, width),
    );
    this.feed = new ImageFeed({
      clock,
      isWanted: (stream) => this.previews.wantsImages(stream),
      take: (stream) => this.image(stream),
      send: (stream, jpeg) => options.onImage(stream, jpeg),
    });
  }

  /** How many look at something. */
  get viewers(): number {
    return this.previews.viewers;
  }

  /**
   * Does what a message asks.
   * @param response of the `http in` node that the message came from
   * @returns undefined where no answer is wanted, or where it was streamed to the response
   */
  async receive(
    input: Exclude<PreviewInput, { kind: "wrong" }>,
    response: ServerResponse | undefined,
  ): Promise<Answer | undefined> {
    switch (input.kind) {
      case "streams":
        this.previews.setStreams(input.streams, input.settings);
        this.snapshots.keepOnly(this.previews.streams);
        this.feed.keepOnly(this.previews.streams);
        return undefined;
      case "transition":
        this.previews.learn(input.transition);
        if (input.transition.to === "up") this.feed.cameUp(input.transition.stream);
        return undefined;
      case "picture":
        this.pictureCame(input.stream, input.jpeg);
        return undefined;
      case "preview":
      case "snapshot": {
        const answer = await this.look(input, response);
        return answer instanceof Refusal ? refusalAnswer(answer, input.request !== undefined) : answer;
      }
      case "nothing":
        return undefined;
    }
  }

  async stop(): Promise<void> {
    this.feed.stop();
    await this.previews.stop();
  }

  private async look(
    { kind, name, parameters, request }: Look,
    response: ServerResponse | undefined,
  ): Promise<Answer | Refusal | undefined> {
    const stream = this.previews.find(name);
    if (stream instanceof Refusal) return stream;
    if (kind === "snapshot") {
      const wish = snapshotWish(parameters);
      if (wish instanceof Refusal) return wish;
      // whoever asks for nothing but the head asks whether there is such a stream
      if (request?.method === "HEAD") return pictureAnswer(Buffer.alloc(0), undefined);
      const jpeg = await this.snapshots.get(stream, wish);
      return jpeg instanceof Refusal ? jpeg : pictureAnswer(jpeg, request?.headers?.["if-none-match"]);
    }
    const lastsMs = previewLasts(parameters);
    if (lastsMs instanceof Refusal) return lastsMs;
    if (!response) return NO_RESPONSE;
    if (request?.method === "HEAD") return { statusCode: 200, headers: PICTURE_HEADERS, payload: "" };
    if (response.destroyed) return undefined;
    const { clock } = this.options;
    return new Promise((resolve) => {
      let leave: () => void = () => resolve(undefined);
      const viewer = new HttpViewer({
        response,
        clock,
        lastsMs,
        onLeave: () => {
          leave();
          resolve(undefined);
        },
        onRefusal: resolve,
      });
      leave = this.previews.watch(stream, viewer);
    });
  }

  private pictureCame(name: string, jpeg: Buffer): void {
    const stream = this.previews.find(name);
    if (stream instanceof Refusal) return;
    this.snapshots.put(stream, jpeg);
    this.feed.picture(name, jpeg);
  }

  private async image(name: string): Promise<Buffer | undefined> {
    const stream = this.previews.find(name);
    if (stream instanceof Refusal) return undefined;
    const jpeg = await this.snapshots.get(stream, { width: IMAGE_WIDTH });
    return jpeg instanceof Refusal ? undefined : jpeg;
  }
}

function pictureAnswer(jpeg: Buffer, ifNoneMatch: unknown): Answer {
  const etag = `"${createHash("sha256").update(jpeg).digest("base64url").slice(0, 27)}"`;
  const headers = { ...PICTURE_HEADERS, "content-type": "image/jpeg", etag };
  return ifNoneMatch === etag
    ? { statusCode: 304, headers, payload: "" }
    : { statusCode: 200, headers, payload: jpeg };
}
