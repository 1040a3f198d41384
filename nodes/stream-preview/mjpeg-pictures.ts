import type { StreamAccess } from "../../common/camera/access";
import { Failure, LocalFailure } from "../../common/camera/failure";
import { ENDLESS, httpGet, httpReason, type HttpAnswer } from "../../common/camera/http-get";
import type { Network } from "../../common/camera/network";
import { Visit } from "../../common/camera/visit";
import { header } from "../../common/camera/wire-reader";
import { JpegSplitter } from "./jpeg-splitter";
import { cameraRefusal, Refusal } from "./refusal";

/** For everything until the first picture. */
const TIMEOUT_MS = 10_000;
/** So much tells JPEG, a part of it, and a web page apart. */
const ENOUGH_BYTES = 16;
/** A camera that gives one picture for each request is asked this often. */
const STILL_MS = 500;

/** What is no MJPEG, and maybe something that ffmpeg knows. */
export const OTHER_FORMAT = Symbol("other format");

/**
 * The pictures of an MJPEG stream as the camera sends them, or of an address that gives one picture each time.
 * @returns why there are no more
 */
export async function mjpegPictures(
  access: StreamAccess,
  network: Network,
  give: (jpeg: Buffer) => void,
  signal: AbortSignal,
): Promise<Refusal | typeof OTHER_FORMAT> {
  const visit = new Visit({ ...access, timeoutMs: TIMEOUT_MS }, network);
  const cancel = () => visit.cancel(new Failure("connection_closed", "the preview was ended"));
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      const askedAt = network.clock.elapsed();
      const end = await pictures(visit, access, give);
      if (end !== "still") return end;
      visit.nextResource();
      await pause(network, signal, askedAt + STILL_MS - network.clock.elapsed());
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    await visit.end();
  }
}

/** The pictures of one answer. @returns "still" when it was a single one */
async function pictures(
  visit: Visit,
  { url }: StreamAccess,
  give: (jpeg: Buffer) => void,
): Promise<Refusal | typeof OTHER_FORMAT | "still"> {
  const answer = await httpGet(visit, url, undefined, ENDLESS);
  if (answer instanceof Failure || answer instanceof LocalFailure) return refusalOf(answer);
  const { head, body } = answer;
  const reason = httpReason(head.status);
  if (reason !== "ok") return cameraRefusal(new Failure(reason, `HTTP ${head.status}`));
  const failure = await body.begin(ENOUGH_BYTES);
  if (failure && body.beginning.length === 0) return refusalOf(failure);
  const format = formatOf(answer);
  if (format !== "jpeg") return format;

  visit.await("no whole picture", "no_media");
  const splitter = new JpegSplitter((jpeg) => {
    visit.arrived();
    give(jpeg);
  });
  for (;;) {
    const piece = await body.next();
    if (!piece) {
      const isStill = splitter.pictures === 1 && !typeOf(answer).startsWith("multipart/");
      return isStill ? "still" : cameraRefusal(new Failure("connection_closed", "the stream has ended"));
    }
    if (!Buffer.isBuffer(piece)) return refusalOf(piece);
    const problem = splitter.add(piece);
    if (problem !== undefined) return cameraRefusal(new Failure("not_a_stream", problem));
  }
}

/** Cameras call their streams whatever they like: the bytes have the last word, where they say something. */
function formatOf(answer: HttpAnswer): "jpeg" | typeof OTHER_FORMAT | Refusal {
  const bytes = answer.body.beginning;
  const text = bytes
    .toString("latin1")
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart();
  if (/^(<!doctype|<html|<head|<body)/i.test(text)) {
    return cameraRefusal(new Failure("not_a_stream", "it is a web page"));
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return "jpeg";
  return text.startsWith("--") || /^(multipart\/|(image|video)\/.*jpe?g)/.test(typeOf(answer))
    ? "jpeg"
    : OTHER_FORMAT;
}

function typeOf({ head }: HttpAnswer): string {
  return (header(head, "content-type") ?? "").trim().toLowerCase();
}

function refusalOf(failure: Failure | LocalFailure): Refusal {
  if (failure instanceof Failure) return cameraRefusal(failure);
  return new Refusal(503, "not_possible", `No picture can be shown: ${failure.message}.`);
}

function pause({ clock }: Network, signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(go, Math.max(0, ms));
    function go() {
      clock.clearTimeout(timer);
      signal.removeEventListener("abort", go);
      resolve();
    }
    signal.addEventListener("abort", go);
    if (signal.aborted) go();
  });
}
