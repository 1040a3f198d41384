/** What a parameter set or a header says about the picture. */
export interface PictureFacts {
  width: number;
  height: number;
  /** Frames a second, where the stream declares it. */
  fps?: number;
}

const MOST_PIXELS = 32_768;

/** Facts within what a camera can have, or nothing: they come from bytes that nobody has checked. */
export function plausible(width: number, height: number, fps?: number): PictureFacts | undefined {
  if (!(width >= 2 && width <= MOST_PIXELS && height >= 2 && height <= MOST_PIXELS)) return undefined;
  const rate = fps !== undefined && fps > 0.01 && fps <= 1000 ? Math.round(fps * 100) / 100 : undefined;
  return rate === undefined ? { width, height } : { width, height, fps: rate };
}
