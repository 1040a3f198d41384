import type { StreamAccess } from "../../common/camera/access";
import type { Network } from "../../common/camera/network";
import { Resolver } from "../../common/camera/resolver";
import type { Clock } from "../../common/clock";
import { Children } from "../../common/ffmpeg/child-process";
import { Programs } from "../../common/ffmpeg/programs";
import { StreamTool } from "../../common/ffmpeg/stream-tool";
import { ffmpegPictures } from "./ffmpeg-pictures";
import { mjpegPictures, OTHER_FORMAT } from "./mjpeg-pictures";
import type { Refusal } from "./refusal";
import { Resizer } from "./resizer";

/** Where pictures come from. */
export interface CameraPictures {
  /**
   * Gives pictures until the signal comes, or there are no more. It leaves nothing open.
   * @returns why it has ended
   */
  look(access: StreamAccess, give: (jpeg: Buffer) => void, signal: AbortSignal): Promise<Refusal>;
  /** The hosts that are still in use. */
  keepOnly(hosts: ReadonlySet<string>): void;
  stop(): void;
}

/** Real cameras: MJPEG as it comes, everything else by ffmpeg. */
export class Cameras implements CameraPictures {
  readonly resizer: Resizer;
  private readonly network: Network;
  /** Who may look, and how many at once, is not decided here. */
  private readonly children: Children;
  private readonly ffmpeg: StreamTool;

  constructor(clock: Clock, env: NodeJS.ProcessEnv) {
    this.network = { clock, resolver: new Resolver(clock), connections: new Set() };
    this.children = new Children(clock, Infinity);
    const programs = new Programs(clock, this.children, env);
    this.ffmpeg = new StreamTool("ffmpeg", this.children, programs);
    this.resizer = new Resizer(clock, programs);
  }

  async look(access: StreamAccess, give: (jpeg: Buffer) => void, signal: AbortSignal): Promise<Refusal> {
    if (access.url.protocol === "http") {
      const end = await mjpegPictures(access, this.network, give, signal);
      if (end !== OTHER_FORMAT) return end;
    }
    return ffmpegPictures(access, this.ffmpeg, give, signal);
  }

  keepOnly(hosts: ReadonlySet<string>): void {
    this.network.resolver.keepOnly(hosts);
  }

  stop(): void {
    this.children.stop();
    this.resizer.stop();
  }
}
