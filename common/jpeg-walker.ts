import { plausible, type PictureFacts } from "./picture-facts";

/** Marker codes of ITU-T T.81 table B.1. */
const RST0 = 0xd0;
const RST7 = 0xd7;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DNL = 0xdc;
const TEM = 0x01;

type Place = "search" | "marker" | "length" | "segment" | "scan";

/**
 * Finds whole JPEG pictures (ITU-T T.81 Annex B) in any bytes by walking from marker to marker, so that neither the
 * framing around them nor a thumbnail inside them is mistaken for their end. It keeps no picture, only its place.
 */
export class JpegWalker {
  /** Pictures that came whole, from SOI to EOI. */
  pictures = 0;

  private place: Place = "search";
  /** While searching, how much of FF D8 FF stands behind us; elsewhere, whether an FF does. */
  private matched = 0;
  private marker = 0;
  /** Bytes of the segment that are still to come. */
  private left = 0;
  /** The first bytes of a segment that says the size. */
  private readonly start: number[] = [];
  private width = 0;
  private height = 0;
  private frame = false;
  private scan = false;
  /** Bytes of all pieces before this one. */
  private passed = 0;
  private beganAt = 0;

  /** @param onPicture is called for each whole picture, with its place among all bytes so far */
  constructor(private readonly onPicture: (from: number, to: number) => void = () => {}) {}

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at = this.step(bytes, at);
    this.passed += bytes.length;
  }

  /** Where the picture begins that is not whole yet; while none has begun, the first byte that may be its beginning. */
  get beginning(): number {
    return this.place === "search" ? this.passed - this.matched : this.beganAt;
  }

  /** A picture has begun that is not whole yet, and its header was understood. */
  get within(): boolean {
    return this.place !== "search" && this.frame;
  }

  /** The size of the picture that was seen last. */
  get facts(): PictureFacts | undefined {
    return plausible(this.width, this.height);
  }

  private step(bytes: Uint8Array, at: number): number {
    const byte = bytes[at] as number;
    switch (this.place) {
      case "search":
        return this.search(bytes, at);
      case "scan":
        return this.entropyCoded(bytes, at);
      case "segment":
        return this.segment(bytes, at);
      case "length":
        this.left = this.left * 256 + byte;
        if (++this.matched === 2) this.lengthRead();
        return at + 1;
      case "marker":
        if (this.matched === 0 && byte !== 0xff) this.lose();
        else if (byte === 0xff) this.matched = 1;
        else this.markerRead(byte, at);
        return at + 1;
    }
  }

  private search(bytes: Uint8Array, at: number): number {
    if (this.matched === 0) {
      const found = bytes.indexOf(0xff, at);
      if (found < 0) return bytes.length;
      this.matched = 1;
      return found + 1;
    }
    const byte = bytes[at] as number;
    if (this.matched === 2 && byte === 0xff) this.begin(1, at - 2);
    else if (byte === 0xff) this.matched = 1;
    else this.matched = this.matched === 1 && byte === SOI ? 2 : 0;
    return at + 1;
  }

  /** In entropy-coded data FF 00 stands for FF, and restart markers come in between (T.81 §B.1.1.5, §E.1.4). */
  private entropyCoded(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      if (this.matched === 0) {
        // a search for each of many is slower than a look
        if (bytes[at] !== 0xff) at = bytes.indexOf(0xff, at);
        if (at < 0) break;
        this.matched = 1;
        continue;
      }
      const byte = bytes[at] as number;
      if (byte === 0x00 || (byte >= RST0 && byte <= RST7)) this.matched = 0;
      else if (byte !== 0xff) {
        this.markerRead(byte, at);
        return at + 1;
      }
    }
    return bytes.length;
  }

  private segment(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + this.left);
    for (let i = at; i < end && this.start.length < 5; i++) this.start.push(bytes[i] as number);
    this.left -= end - at;
    if (this.left === 0) this.segmentRead();
    return end;
  }

  /** @param at where it stands in this piece */
  private markerRead(marker: number, at: number): void {
    this.matched = 0;
    if (marker === SOI) return this.begin(0, at - 1);
    if (marker === EOI) {
      if (this.frame && this.scan) this.whole(at + 1);
      return this.lose();
    }
    if (marker === TEM || (marker >= RST0 && marker <= RST7)) return;
    if (marker < 0xc0) return this.lose();
    this.marker = marker;
    this.left = 0;
    this.place = "length";
  }

  private lengthRead(): void {
    this.matched = 0;
    if (this.left < 2) return this.lose();
    this.left -= 2;
    this.start.length = 0;
    this.place = "segment";
    if (this.left === 0) this.segmentRead();
  }

  private segmentRead(): void {
    const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = this.start;
    this.place = "marker";
    if (isStartOfFrame(this.marker)) {
      this.frame = true;
      this.height = second * 256 + third;
      this.width = fourth * 256 + fifth;
    } else if (this.marker === DNL) {
      // an encoder that did not know the number of lines tells it behind the first scan (T.81 §B.2.5)
      this.height = first * 256 + second;
    } else if (this.marker === SOS) {
      this.scan = true;
      this.place = "scan";
    }
  }

  private whole(to: number): void {
    this.pictures++;
    this.onPicture(this.beganAt, this.passed + to);
  }

  /** @param at where its first byte stands, seen from the beginning of this piece */
  private begin(matched: 0 | 1, at: number): void {
    this.beganAt = this.passed + at;
    this.place = "marker";
    this.matched = matched;
    this.frame = this.scan = false;
  }

  private lose(): void {
    this.place = "search";
    this.matched = 0;
  }
}

function isStartOfFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
