import { readAnnexB } from "./annex-b";
import { mediaOf, type Container, type Contents } from "./container";

const PACKET = 188;
const SYNC = 0x47;
/** Some packagers put something in front of the first packet: a picture of one pixel, an ID3 tag. */
const FURTHEST_SYNC = 1024;
/** The parameter set stands at the beginning of a key frame. */
const MOST_ELEMENTARY_BYTES = 64 * 1024;
const MOST_PROGRAM_TABLES = 16;

/** Stream types of ISO/IEC 13818-1 table 2-34, and those that ATSC and SAMPLE-AES added. */
const VIDEO_TYPES: Record<number, string> = {
  0x01: "mpeg1video",
  0x02: "mpeg2video",
  0x10: "mpeg4",
  0x1b: "h264",
  0x24: "h265",
  0x33: "h266",
  0xdb: "h264",
};
const AUDIO_TYPES: Record<number, string> = {
  0x03: "mp2",
  0x04: "mp2",
  0x0f: "aac",
  0x11: "aac",
  0x81: "ac3",
  0x87: "eac3",
  0xc1: "ac3",
  0xcf: "aac",
};

/** MPEG transport stream (ISO/IEC 13818-1): packets of 188 bytes that each begin with 47. */
export const mpegTs: Container = { name: "MPEG-TS", matches: (bytes) => firstPacket(bytes) === 0, read };

/** Where the first packet begins; -1 when there is none near the beginning. */
export function firstPacket(bytes: Buffer): number {
  for (let at = bytes.indexOf(SYNC); at >= 0 && at <= FURTHEST_SYNC; at = bytes.indexOf(SYNC, at + 1)) {
    // a packet without error that has a payload or a field for something else: text that begins with a G has neither
    if (((bytes[at + 1] ?? 0) & 0x80) !== 0 || ((bytes[at + 3] ?? 0x10) & 0x30) === 0) continue;
    const [next, third] = [bytes[at + PACKET], bytes[at + 2 * PACKET]];
    if (next === SYNC && third === SYNC) return at;
    // of something short, what stands at the very beginning counts
    if (at === 0 && (next ?? SYNC) === SYNC && third === undefined) return at;
  }
  return -1;
}

interface Program {
  tables: Set<number>;
  streams?: { pid: number; video?: string; audio?: string }[];
}

function read(bytes: Buffer): Contents {
  const program: Program = { tables: new Set() };
  const video: Buffer[] = [];
  const times: number[] = [];
  let elementaryBytes = 0;
  for (let at = Math.max(0, firstPacket(bytes)); at + PACKET <= bytes.length; at += PACKET) {
    const packet = bytes.subarray(at, at + PACKET);
    if (packet[0] !== SYNC) break;
    const pid = packet.readUInt16BE(1) & 0x1fff;
    const begins = ((packet[1] as number) & 0x40) !== 0;
    const payload = payloadOf(packet);
    const videoPid = program.streams?.find((stream) => stream.video)?.pid;
    if (pid === 0 && begins) readAssociation(payload, program);
    else if (program.tables.has(pid) && begins && !program.streams) readProgramMap(payload, program);
    else if (pid === videoPid) {
      const elementary = begins ? readPesHeader(payload, times) : payload;
      // the middle of a picture that began before is none that could be read
      if ((begins || video.length > 0) && elementaryBytes < MOST_ELEMENTARY_BYTES) video.push(elementary);
      elementaryBytes += elementary.length;
    }
  }
  return contentsOf(program, video, times);
}

function contentsOf({ streams }: Program, video: Buffer[], times: number[]): Contents {
  if (!streams) return { media: {}, complete: false };
  const codec = streams.find((stream) => stream.video)?.video;
  const audio = streams.find((stream) => stream.audio)?.audio;
  const media = audio === undefined ? {} : { audioCodec: audio };
  if (codec === undefined) return { media, hasVideo: false, complete: true };
  const readable = codec === "h264" || codec === "h265";
  const { facts, keyframe } = readable
    ? readAnnexB(Buffer.concat(video), codec)
    : { facts: undefined, keyframe: false };
  const fps = rateOf(times);
  return {
    media: { ...mediaOf(codec, facts, fps), ...media, ...(keyframe && { keyframe }) },
    hasVideo: true,
    complete: !readable || (facts !== undefined && (facts.fps ?? fps) !== undefined),
  };
}

function payloadOf(packet: Buffer): Buffer {
  const control = (packet[3] as number) & 0x30;
  if (control === 0x10) return packet.subarray(4);
  return control === 0x30 ? packet.subarray(5 + (packet[4] as number)) : packet.subarray(PACKET);
}

/** A table behind its pointer field, without its checksum (ISO/IEC 13818-1 §2.4.4). */
function section(payload: Buffer, tableId: number): Buffer | undefined {
  const table = payload.subarray(1 + (payload[0] ?? 0));
  if (table.length < 8 || table[0] !== tableId) return undefined;
  const length = table.readUInt16BE(1) & 0x0fff;
  return table.subarray(0, Math.max(8, 3 + length - 4));
}

function readAssociation(payload: Buffer, program: Program): void {
  const table = section(payload, 0x00);
  if (!table) return;
  for (let at = 8; at + 4 <= table.length && program.tables.size < MOST_PROGRAM_TABLES; at += 4) {
    // program 0 names the network table
    if (table.readUInt16BE(at) !== 0) program.tables.add(table.readUInt16BE(at + 2) & 0x1fff);
  }
}

function readProgramMap(payload: Buffer, program: Program): void {
  const table = section(payload, 0x02);
  if (!table || table.length < 12) return;
  const streams: NonNullable<Program["streams"]> = [];
  let at = 12 + (table.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= table.length) {
    const type = table[at] as number;
    const pid = table.readUInt16BE(at + 1) & 0x1fff;
    streams.push({ pid, video: VIDEO_TYPES[type], audio: AUDIO_TYPES[type] });
    at += 5 + (table.readUInt16BE(at + 3) & 0x0fff);
  }
  program.streams = streams;
}

/** Notes when the picture is decoded (ISO/IEC 13818-1 §2.4.3.6). @returns what stands behind the header */
function readPesHeader(payload: Buffer, times: number[]): Buffer {
  if (payload.length < 9 || payload.readUIntBE(0, 3) !== 1) return payload;
  const flags = (payload[7] as number) >> 6;
  const at = flags === 3 ? 14 : 9;
  if (flags >= 2 && payload.length >= at + 5) {
    times.push(
      (((payload[at] as number) >> 1) & 7) * 2 ** 30 +
        (payload.readUInt16BE(at + 1) >> 1) * 2 ** 15 +
        (payload.readUInt16BE(at + 3) >> 1),
    );
  }
  return payload.subarray(9 + (payload[8] as number));
}

/** Of the smallest step between pictures, on the clock of 90 kHz. */
function rateOf(times: number[]): number | undefined {
  const steps = times.slice(1).map((time, i) => time - (times[i] as number));
  const step = Math.min(...steps.filter((ticks) => ticks > 0));
  return steps.length >= 2 && Number.isFinite(step) ? 90_000 / step : undefined;
}
