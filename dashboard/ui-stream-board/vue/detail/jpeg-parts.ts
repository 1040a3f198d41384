const MOST_HEAD_BYTES = 2000;
const MOST_JPEG_BYTES = 30_000_000;
const LENGTH = /^content-length: *(\d+)\r?$/im;

/**
 * The pictures of a preview, which comes as `multipart/x-mixed-replace` with the length of each part. An image element
 * would show them too, but it tells neither why there are none nor that they have ended.
 * @throws Error when it is something else, or the connection breaks
 */
export async function* jpegParts(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const bytes = new Bytes();
  try {
    for (;;) {
      for (let jpeg = bytes.takePart(); jpeg; jpeg = bytes.takePart()) yield jpeg;
      const { value, done } = await reader.read();
      if (done) return;
      bytes.add(value);
    }
  } finally {
    // what nobody reads any more should not be sent
    reader.cancel().catch(() => {});
  }
}

/** What has arrived and was not taken yet. */
class Bytes {
  private held = new Uint8Array(0);
  /** Of the part whose head was read. */
  private length?: number;

  add(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.held.length + chunk.length);
    joined.set(this.held);
    joined.set(chunk, this.held.length);
    this.held = joined;
  }

  /** @returns undefined until a whole one is here */
  takePart(): Uint8Array<ArrayBuffer> | undefined {
    this.length ??= this.takeHead();
    if (this.length === undefined || this.held.length < this.length) return undefined;
    const jpeg = this.take(this.length);
    this.length = undefined;
    return jpeg;
  }

  private takeHead(): number | undefined {
    const text = new TextDecoder("latin1").decode(this.held.subarray(0, MOST_HEAD_BYTES));
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      if (text.length >= MOST_HEAD_BYTES) throw new Error("a part without a head");
      return undefined;
    }
    const length = Number(LENGTH.exec(text.slice(0, end))?.[1]);
    if (!(length > 0 && length <= MOST_JPEG_BYTES)) throw new Error("a part without a length");
    this.take(end + 4);
    return length;
  }

  private take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.held.slice(0, count);
    this.held = this.held.slice(count);
    return taken;
  }
}
