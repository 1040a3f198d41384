import { hls } from "./hls";
import type { Beginning, HttpFormat } from "./http-format";
import { mjpeg } from "./mjpeg";
import { progressive } from "./progressive";

/** The one list of formats over HTTP, in the order in which they are tried. */
const FORMATS = { hls, mjpeg, progressive } satisfies Record<string, HttpFormat>;

export function formatOf(beginning: Beginning): HttpFormat | undefined {
  return Object.values(FORMATS).find((format) => format.recognizes(beginning));
}
