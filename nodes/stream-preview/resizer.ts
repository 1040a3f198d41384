import type { Clock } from "../../common/clock";
import { Children } from "../../common/ffmpeg/child-process";
import type { Programs } from "../../common/ffmpeg/programs";
import { JpegWalker } from "../../common/jpeg-walker";

const TIMEOUT_MS = 5000;
const MOST_BYTES = 4 * 1024 * 1024;
/** A picture of a few bytes can claim to be gigantic, and would be unpacked. */
const MOST_PIXELS = 64_000_000;

/** Makes pictures smaller, by ffmpeg. Where that cannot be, a picture stays as it is. */
export class Resizer {
  private readonly children: Children;

  constructor(
    clock: Clock,
    private readonly programs: Programs,
  ) {
    this.children = new Children(clock);
  }

  /** @param width what the picture is at most as wide as */
  async resize(jpeg: Buffer, width: number): Promise<Buffer> {
    const walker = new JpegWalker();
    walker.add(jpeg);
    const size = walker.facts;
    if (!size || size.width <= width || size.width * size.height > MOST_PIXELS) return jpeg;
    const program = await this.programs.find("ffmpeg");
    if ("missing" in program || !this.children.hasRoom) return jpeg;
    const outcome = await this.children.run({
      file: program.file,
      args: [
        ...["-v", "error", "-threads", "1", "-protocol_whitelist", "pipe"],
        ...["-f", "image2pipe", "-c:v", "mjpeg", "-i", "pipe:0"],
        ...["-vf", `scale=${width}:-2:flags=area`, "-frames:v", "1"],
        ...[
          "-c:v",
          "mjpeg",
          "-pix_fmt",
          "yuvj420p",
          "-q:v",
          "4",
          "-threads",
          "1",
          "-f",
          "image2pipe",
          "pipe:1",
        ],
      ],
      env: this.programs.childEnv,
      timeoutMs: TIMEOUT_MS,
      mostBytes: MOST_BYTES,
      input: jpeg,
    });
    const isPicture = outcome.end === "exited" && outcome.stdout[0] === 0xff && outcome.stdout[1] === 0xd8;
    return isPicture ? outcome.stdout : jpeg;
  }

  stop(): void {
    this.children.stop();
  }
}
