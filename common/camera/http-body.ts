import type { Clock } from "../clock";
import { Failure, type LocalFailure } from "./failure";
import { header, printable, type Head, type WireReader } from "./wire-reader";

/** A chunk's size line with its extensions is not longer. */
const MOST_SIZE_LINE_BYTES = 4096;
/** Hexadecimal, and extensions that mean nothing to us. */
const SIZE_LINE = /^([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?\r?$/;
/** So many bytes more make it worth looking again whether they are enough. */
const LOOK_AGAIN_BYTES = 4096;

type Piece = Buffer | null | Failure | LocalFailure;

/**
 * The body of an HTTP answer, piece by piece, without its transfer coding (RFC 9112 §6, §7). A piece is null at the end.
 */
export class HttpBody {
  private held: Buffer = Buffer.alloc(0);
  private chunked: boolean;
  /** Bytes until the end of the chunk, or of the whole body. */
  private left: number;
  private chunks = 0;
  private ended = false;

  constructor(
    private readonly reader: WireReader,
    head: Head,
    private readonly mostChunks: number,
  ) {
    this.chunked = /chunked/i.test(header(head, "transfer-encoding") ?? "");
    this.left = this.chunked ? 0 : lengthOf(head);
  }

  /** What `begin` has read, and `next` will give first. */
  get beginning(): Buffer {
    return this.held;
  }

  /** Reads until so many bytes are there, or the body ends. */
  async begin(bytes: number): Promise<Failure | LocalFailure | undefined> {
    while (this.held.length < bytes) {
      const piece = await this.receive();
      if (piece === null || piece === undefined) return undefined;
      if (!Buffer.isBuffer(piece)) return piece;
      this.held = this.held.length === 0 ? piece : Buffer.concat([this.held, piece]);
    }
    return undefined;
  }

  /** The next bytes, null at the end, undefined when none came for `waitMs`. */
  async next(waitMs?: number): Promise<Piece | undefined> {
    if (this.held.length === 0) return this.receive(waitMs);
    const piece = this.held;
    this.held = Buffer.alloc(0);
    return piece;
  }

  /**
   * The beginning of the body, as much as is enough, in at most so many bytes and milliseconds. A failure on the way
   * ends it: what came until then is what there is.
   */
  async gather(
    limits: { bytes: number; waitMs: number },
    clock: Clock,
    isEnough: (bytes: Buffer) => boolean,
  ): Promise<Buffer> {
    const until = clock.elapsed() + limits.waitMs;
    let gathered = Buffer.alloc(0);
    let pieces: Buffer[] = [];
    let waiting = 0;
    for (;;) {
      const leftMs = until - clock.elapsed();
      const piece = leftMs > 0 ? await this.next(leftMs) : undefined;
      const more = Buffer.isBuffer(piece);
      if (more) {
        pieces.push(piece);
        waiting += piece.length;
      }
      // looking each time twice as much is there keeps the work in proportion
      if (more && waiting < Math.max(LOOK_AGAIN_BYTES, gathered.length)) {
        if (gathered.length + waiting < limits.bytes) continue;
      }
      gathered = Buffer.concat([gathered, ...pieces]);
      pieces = [];
      waiting = 0;
      if (!more || gathered.length >= limits.bytes || isEnough(gathered)) return gathered;
    }
  }

  private async receive(waitMs?: number): Promise<Piece | undefined> {
    for (;;) {
      const piece = this.chunked ? this.takeChunked() : this.takePlain();
      if (piece === null || !Buffer.isBuffer(piece) || piece.length > 0) return piece;
      const more = await this.reader.moreWithin(waitMs);
      if (more === false) return null;
      if (more !== true) return more;
    }
  }

  private takePlain(): Buffer | null {
    if (this.left <= 0) return null;
    const piece = this.reader.take(Math.min(this.left, this.reader.pending.length));
    this.left -= piece.length;
    return piece;
  }

  /** The data of all chunks that are there, in one piece: chunks can be a byte long, and countless. */
  private takeChunked(): Piece {
    const pieces: Buffer[] = [];
    for (;;) {
      const next = this.left > 0 ? this.takePlain() : this.nextChunk();
      if (next === true) continue;
      if (Buffer.isBuffer(next) && next.length > 0) {
        pieces.push(next);
        continue;
      }
      // an end or a failure is met again once what came before it is taken
      return pieces.length === 0 ? next : pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    }
  }

  /** Reads a size. @returns true when a chunk begins, and no bytes when its size has not come whole */
  private nextChunk(): true | Piece {
    if (this.ended) return null;
    if (this.chunks === this.mostChunks)
      return new Failure("too_large", `more than ${this.mostChunks} chunks`);
    const { pending } = this.reader;
    let lineEnd = pending.indexOf(10);
    // the line end behind the chunk before is still in front of the size
    const behind = this.chunks > 0 && (lineEnd === 0 || (lineEnd === 1 && pending[0] === 13));
    const from = behind ? lineEnd + 1 : 0;
    if (behind) lineEnd = pending.indexOf(10, from);
    if (lineEnd < 0 && pending.length - from <= MOST_SIZE_LINE_BYTES) return Buffer.alloc(0);
    const size = lineEnd < 0 ? undefined : SIZE_LINE.exec(pending.toString("latin1", from, lineEnd))?.[1];
    if (size === undefined) return this.notChunked(pending);
    this.reader.take(lineEnd + 1);
    this.chunks++;
    this.left = Number.parseInt(size, 16);
    this.ended = this.left === 0;
    return true;
  }

  /** Some cameras announce chunks and send none. */
  private notChunked(pending: Buffer): true | Failure {
    if (this.chunks > 0) return new Failure("protocol_error", `no chunk size in ${printable(pending)}`);
    this.chunked = false;
    this.left = Infinity;
    return true;
  }
}

/**
 * RFC 9112 §6.3. The length of a multipart body that never ends is invented, and one that is no number says nothing: then
 * the body ends with the connection.
 */
function lengthOf(head: Head): number {
  if (/^multipart\//i.test(header(head, "content-type") ?? "")) return Infinity;
  const length = /^\d{1,15}$/.exec(header(head, "content-length") ?? "");
  return length ? Number(length[0]) : Infinity;
}
