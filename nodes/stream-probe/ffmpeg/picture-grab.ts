import type { ProbeNotMade, ProbeRequest } from "../probers/prober";
import { PICTURE } from "../picture/picture-watch";
import type { Children } from "./child-process";
import { CANNOT_VERIFY } from "./deep-check";
import { inputArguments } from "./input-arguments";
import { lastWords } from "./last-words";
import type { Programs } from "./programs";
import { UrlHandover } from "./url-handover";

/** Many cameras send a whole picture only every few seconds. */
const GRAB_TIMEOUT_MS = 10_000;

/** Only whole pictures: what is decoded from the middle of a group is grey where nothing has come yet. */
const WHOLE_PICTURES = ["-nostdin", "-v", "error", "-threads", "1", "-skip_frame", "nokey"];
const ONE_SMALL_PICTURE = [
  ...["-map", "0:v:0", "-frames:v", "1", "-vf"],
  `scale=${PICTURE.width}:${PICTURE.height}:flags=area,format=gray`,
  ...["-f", "rawvideo", "pipe:1"],
];

/** One decoded picture of a stream, small and grey, by ffmpeg. */
export class PictureGrab {
  constructor(
    private readonly children: Children,
    private readonly programs: Programs,
  ) {}

  /** @returns `PICTURE.width` × `PICTURE.height` bytes from black (0) to white (255) */
  async grab(request: ProbeRequest): Promise<Buffer | ProbeNotMade> {
    if (request.tlsVerify && request.url.secure) return { notMade: CANNOT_VERIFY };
    const program = await this.programs.find("ffmpeg");
    if ("missing" in program) return { notMade: program.missing };
    const handover = new UrlHandover(request.url, !request.withholdCredentials);
    const bytes = PICTURE.width * PICTURE.height;
    try {
      const input = inputArguments(request, program.major, await handover.open());
      const outcome = await this.children.run({
        file: program.file,
        args: [...WHOLE_PICTURES, ...input, ...ONE_SMALL_PICTURE],
        env: this.programs.childEnv,
        timeoutMs: GRAB_TIMEOUT_MS,
        mostBytes: bytes,
      });
      if (outcome.end === "not_started") return { notMade: `ffmpeg could not be run: ${outcome.because}` };
      if (outcome.end !== "exited") return { notMade: `ffmpeg gave no picture (${outcome.end})` };
      if (outcome.stdout.length === bytes) return outcome.stdout;
      const words = lastWords(outcome.stderr, request.url) || `code ${outcome.code ?? outcome.signal}`;
      return { notMade: `ffmpeg gave no picture: ${words}` };
    } catch (error) {
      return { notMade: `no address on loopback can be opened: ${(error as Error).message}` };
    } finally {
      handover.close();
    }
  }
}
