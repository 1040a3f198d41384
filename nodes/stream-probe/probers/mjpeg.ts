import type { Media } from "../../../contracts/check";
import { JpegWalker } from "../../../common/jpeg-walker";
import { Failure, LocalFailure } from "../../../common/camera/failure";
import { containerOf } from "../picture/containers";
import type { HttpFormat, HttpStream } from "./http-format";
import type { Verdict } from "./probe-run";

/** Where nothing looks like a picture for so long, none will come. */
const MOST_BYTES_WITHOUT_PICTURE = 2 * 1024 * 1024;
/** So long, and so many pictures, the first one is followed by a look at the next ones, for the frame rate. */
const LOOK_MS = 400;
const ENOUGH_PICTURES = 6;
/** Pictures that come closer than this were waiting for us somewhere: they tell no rate. */
const SHORTEST_STEP_MS = 4;
/** Arrival times tremble: the nearest of the rates that cameras have is meant. */
const USUAL_RATES = [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 50, 60];

/**
 * JPEG pictures one behind the other, or a single one: whatever stands between them is passed over, because cameras get
 * boundaries, part headers and lengths wrong in every possible way, and their pictures right.
 */
export const mjpeg: HttpFormat = {
  recognizes({ type, bytes, text }) {
    if ((bytes[0] === 0xff && bytes[1] === 0xd8) || /^(\r?\n)*--/.test(text)) return true;
    return /^(multipart\/|image\/|video\/.*jpe?g)/.test(type) && !containerOf(bytes);
  },
  async firstPicture(stream) {
    const { run, beginning } = stream;
    const began = run.clock.elapsed();
    const walker = new JpegWalker();
    const failure = await whole(stream, walker);
    if (failure) return failure;
    run.pictureCame(began);
    const fps = beginning.type.startsWith("image/") ? undefined : await frameRate(stream, walker);
    const { facts } = walker;
    const media: Media = {
      codec: "mjpeg",
      ...(facts && { width: facts.width, height: facts.height }),
      ...(fps !== undefined && { fps }),
      keyframe: true,
    };
    return { reason: "ok", message: stream.status, media } satisfies Verdict;
  },
};

/** Reads until the first picture is whole. */
async function whole(
  { run, body, status }: HttpStream,
  walker: JpegWalker,
): Promise<Failure | LocalFailure | undefined> {
  run.await(`${status}, but no whole picture`, "no_media");
  let passed = 0;
  while (walker.pictures === 0) {
    const piece = await body.next();
    if (piece instanceof Failure || piece instanceof LocalFailure) return piece;
    if (!piece) {
      const how = walker.within ? "the picture breaks off" : "it ended without a picture";
      return new Failure("no_media", `${status}, but ${how}`);
    }
    walker.add(piece);
    passed = walker.within ? 0 : passed + piece.length;
    if (passed > MOST_BYTES_WITHOUT_PICTURE) {
      const amount = `${MOST_BYTES_WITHOUT_PICTURE / 1024 / 1024} MiB`;
      return new Failure("not_a_stream", `${status}, but no picture within ${amount}`);
    }
  }
  return undefined;
}

/** The first picture was waiting for us; the ones that follow come when the camera makes them. */
async function frameRate({ run, body }: HttpStream, walker: JpegWalker): Promise<number | undefined> {
  const until = run.clock.elapsed() + LOOK_MS;
  const arrivals: number[] = [];
  while (arrivals.length < ENOUGH_PICTURES) {
    const leftMs = until - run.clock.elapsed();
    const before = walker.pictures;
    const piece = leftMs > 0 ? await body.next(leftMs) : undefined;
    if (!Buffer.isBuffer(piece)) break;
    walker.add(piece);
    if (walker.pictures > before) arrivals.push(run.clock.elapsed());
  }
  return arrivals.length < 2 ? undefined : usualRate(arrivals);
}

function usualRate(arrivals: number[]): number | undefined {
  const step = ((arrivals.at(-1) as number) - (arrivals[0] as number)) / (arrivals.length - 1);
  if (step < SHORTEST_STEP_MS) return undefined;
  const rate = 1000 / step;
  const distance = (usual: number) => Math.abs(Math.log(usual / rate));
  return USUAL_RATES.reduce((nearest, usual) => (distance(usual) < distance(nearest) ? usual : nearest));
}
