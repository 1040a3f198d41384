import type { Clock } from "../../../common/clock";
import { Children, type ChildListener } from "../../../common/ffmpeg/child-process";
import { Programs } from "../../../common/ffmpeg/programs";
import { StreamTool } from "../../../common/ffmpeg/stream-tool";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "../probers/prober";
import { DeepCheck } from "./deep-check";
import { PictureGrab, type GrabbedPicture } from "./picture-grab";

/** What an engine wants from programs that may be installed or not. */
export interface MediaTools {
  /** False when so much waits for its turn that nothing should join it but what a person asked for. */
  readonly hasRoom: boolean;
  /** The deep level. Its reason is `ok` or `deep_check_failed`. */
  deepCheck(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade>;
  /** One decoded picture. */
  grabPicture(request: ProbeRequest): Promise<GrabbedPicture | ProbeNotMade>;
  /** Ends what runs, at once. */
  stop(): void;
}

const MOST_AT_ONCE = 2;

/** The tools as they are: child processes of ffprobe and ffmpeg. */
export class FfmpegTools implements MediaTools {
  private readonly children: Children;
  private readonly deep: DeepCheck;
  private readonly picture: PictureGrab;

  /** @param env where the programs are looked for */
  constructor(clock: Clock, env: NodeJS.ProcessEnv, onChild?: ChildListener) {
    this.children = new Children(clock, MOST_AT_ONCE, onChild);
    const programs = new Programs(clock, this.children, env);
    this.deep = new DeepCheck(clock, new StreamTool("ffprobe", this.children, programs));
    this.picture = new PictureGrab(new StreamTool("ffmpeg", this.children, programs));
  }

  get hasRoom(): boolean {
    return this.children.hasRoom;
  }

  deepCheck(request: ProbeRequest): Promise<ProbeResult | ProbeNotMade> {
    return this.deep.probe(request);
  }

  grabPicture(request: ProbeRequest): Promise<GrabbedPicture | ProbeNotMade> {
    return this.picture.grab(request);
  }

  stop(): void {
    this.children.stop();
  }
}
