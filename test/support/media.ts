import { readFileSync } from "node:fs";
import { fixture } from "./fixtures";

/** One of the small recordings of test/fixtures/media. */
export function media(name: string): Buffer {
  return readFileSync(fixture("media", name));
}

/** An MP4 in fragments, cut as HLS wants it: what a player reads first, and a segment. */
export function fragmentedMp4(): { init: Buffer; segment: Buffer } {
  const bytes = media("h264-fragments.mp4");
  const cut = bytes.indexOf("moof", 0, "latin1") - 4;
  return { init: bytes.subarray(0, cut), segment: bytes.subarray(cut) };
}

export interface JpegShape {
  width?: number;
  height?: number;
  /** SOF2 and several scans. */
  progressive?: boolean;
  /** A whole JPEG within the EXIF segment. */
  thumbnail?: boolean;
  /** RST markers within the scan. */
  restarts?: boolean;
  /** The number of lines stands behind the first scan. */
  dnl?: boolean;
  /** Fill bytes FF before markers (ITU-T T.81 §B.1.1.2). */
  filled?: boolean;
  /** Without its EOI. */
  open?: boolean;
  scanBytes?: number;
}

/** The markers of a JPEG around scan data that mean nothing: who walks the markers cannot tell, and nobody decodes it. */
export function jpeg(shape: JpegShape = {}): Buffer {
  const { width = 64, height = 48, scanBytes = 300 } = shape;
  const fill = shape.filled ? "ffff" : "";
  const lines = shape.dnl ? 0 : height;
  const thumbnail = shape.thumbnail ? jpeg({ width: 16, height: 8 }) : undefined;
  const scan = Buffer.from(
    Array.from({ length: scanBytes }, (_, i) => (i % 50 === 0 ? [0xff, 0x00] : [i & 0x7f])).flat(),
  );
  const parts = [
    Buffer.from("ffd8", "hex"),
    segment(0xe0, Buffer.from("4a46494600010100000100010000", "hex")),
    ...(thumbnail ? [segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), thumbnail]))] : []),
    Buffer.from(fill, "hex"),
    segment(0xdb, Buffer.alloc(65, 1)),
    segment(
      shape.progressive ? 0xc2 : 0xc0,
      Buffer.from([8, lines >> 8, lines & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    ),
    segment(0xc4, Buffer.alloc(19, 2)),
    segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
    scan,
    ...(shape.restarts ? [Buffer.from("ffd0", "hex"), scan, Buffer.from("ffd1", "hex"), scan] : []),
    ...(shape.dnl ? [segment(0xdc, Buffer.from([height >> 8, height & 255]))] : []),
    ...(shape.progressive
      ? [segment(0xc4, Buffer.alloc(19, 3)), segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), scan]
      : []),
    Buffer.from(shape.open ? "" : `${fill}ffd9`, "hex"),
  ];
  return Buffer.concat(parts);
}

function segment(marker: number, payload: Buffer): Buffer {
  const length = payload.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 255]), payload]);
}
