import { JpegWalker } from "../../common/jpeg-walker";

/** No camera's picture is larger; it bounds what a hostile one makes us keep. */
const MOST_PICTURE_BYTES = 16 * 1024 * 1024;
/** Where nothing looks like a picture for so long, none will come. */
const MOST_BYTES_WITHOUT_PICTURE = 2 * 1024 * 1024;
const FIRST_BUFFER_BYTES = 64 * 1024;

/** Cuts whole JPEG pictures out of any bytes, whatever stands between them. It keeps one picture at most. */
export class JpegSplitter {
  /** Pictures so far. */
  pictures = 0;

  private readonly walker: JpegWalker;
  private buffer: Buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  /** Of the buffer, so much is in use. */
  private length = 0;
  /** Where the buffer begins among all bytes. */
  private from = 0;
  /** Where the last picture ended. */
  private lastEnd = 0;
  private readonly found: [from: number, to: number][] = [];

  constructor(private readonly onPicture: (jpeg: Buffer) => void) {
    this.walker = new JpegWalker((from, to) => this.found.push([from, to]));
  }

  /** @returns what is wrong, when it makes no sense to go on: "no picture within 2 MiB" */
  add(piece: Buffer): string | undefined {
    this.append(piece);
    this.walker.add(piece);
    for (const [from, to] of this.found.splice(0)) {
      this.pictures++;
      this.lastEnd = to;
      this.onPicture(Buffer.from(this.buffer.subarray(from - this.from, to - this.from)));
    }
    this.dropUpTo(this.walker.beginning);
    if (this.length > MOST_PICTURE_BYTES) return `a picture of more than ${inMiB(MOST_PICTURE_BYTES)}`;
    if (this.from - this.lastEnd > MOST_BYTES_WITHOUT_PICTURE)
      return `no picture within ${inMiB(MOST_BYTES_WITHOUT_PICTURE)}`;
    return undefined;
  }

  /** Into one buffer: a hostile camera could send a picture in millions of pieces. */
  private append(piece: Buffer): void {
    const needed = this.length + piece.length;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.buffer.length));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    piece.copy(this.buffer, this.length);
    this.length = needed;
  }

  private dropUpTo(place: number): void {
    const bytes = place - this.from;
    if (bytes === 0) return;
    this.buffer.copyWithin(0, bytes, this.length);
    this.length -= bytes;
    this.from = place;
  }
}

function inMiB(bytes: number): string {
  return `${bytes / 1024 / 1024} MiB`;
}
