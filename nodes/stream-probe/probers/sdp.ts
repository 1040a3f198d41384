/** What a session description (RFC 8866) says, as far as a probe needs it. */
export interface SessionDescription {
  /** `a=control` of the session: the address that PLAY goes to (RFC 2326 §C.1.1). */
  control?: string;
  media: MediaDescription[];
}

/** One `m=` section. */
export interface MediaDescription {
  /** "video", "audio", "application", in lower case. */
  kind: string;
  /** RTP payload types, the first one preferred. */
  payloadTypes: number[];
  /** Name of the encoding of the first payload type, in lower case: "h264", "jpeg"; "" when nobody says. */
  encoding: string;
  clockRate: number;
  /** `a=fmtp` of the first payload type, by lower-case key. */
  parameters: Map<string, string>;
  control?: string;
  direction?: string;
  /** `a=framerate` */
  frameRate?: number;
  /** `b=AS`, in bits a second. */
  bitrate?: number;
}

/** More tracks than this are not read. */
const MOST_MEDIA = 32;

/** RFC 3551 table 5: what needs no rtpmap. */
const STATIC_ENCODINGS: Record<number, [encoding: string, clockRate: number]> = {
  0: ["pcmu", 8000],
  3: ["gsm", 8000],
  8: ["pcma", 8000],
  9: ["g722", 8000],
  14: ["mpa", 90_000],
  26: ["jpeg", 90_000],
  31: ["h261", 90_000],
  32: ["mpv", 90_000],
  33: ["mp2t", 90_000],
  34: ["h263", 90_000],
};

/** @returns undefined when the text is no session description */
export function parseSdp(text: string): SessionDescription | undefined {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  if (!lines.some((line) => /^v=\d/.test(line))) return undefined;
  const description: SessionDescription = { media: [] };
  let section: MediaDescription | undefined;
  for (const line of lines) {
    if (/^m=/i.test(line)) {
      if (description.media.length >= MOST_MEDIA) break;
      section = beginSection(line);
      description.media.push(section);
    } else if (section) readLine(section, line);
    else description.control ??= attribute(line, "control");
  }
  return description;
}

/** `m=<media> <port> <proto> <fmt> …` (RFC 8866 §5.14) */
function beginSection(line: string): MediaDescription {
  const [kind = "", , , ...formats] = line.slice(2).trim().split(/\s+/);
  const payloadTypes = formats
    .map(Number)
    .filter((type) => Number.isInteger(type) && type >= 0 && type < 128);
  const [encoding = "", clockRate = 90_000] = STATIC_ENCODINGS[payloadTypes[0] ?? -1] ?? [];
  return { kind: kind.toLowerCase(), payloadTypes, encoding, clockRate, parameters: new Map() };
}

function readLine(section: MediaDescription, line: string): void {
  const type = section.payloadTypes[0];
  const rtpmap = /^a=rtpmap:\s*(\d+)\s+([^/\s]+)\s*\/?\s*(\d+)?/i.exec(line);
  if (rtpmap && Number(rtpmap[1]) === type) {
    section.encoding = (rtpmap[2] as string).toLowerCase();
    if (Number(rtpmap[3]) > 0) section.clockRate = Number(rtpmap[3]);
    return;
  }
  const fmtp = /^a=fmtp:\s*(\d+)\s+(.*)$/i.exec(line);
  if (fmtp && Number(fmtp[1]) === type) {
    for (const parameter of (fmtp[2] as string).split(";")) {
      const equals = parameter.indexOf("=");
      if (equals > 0)
        section.parameters.set(
          parameter.slice(0, equals).trim().toLowerCase(),
          parameter.slice(equals + 1).trim(),
        );
    }
    return;
  }
  const direction = /^a=(sendonly|recvonly|sendrecv|inactive)$/i.exec(line);
  if (direction) section.direction = (direction[1] as string).toLowerCase();
  section.control ??= attribute(line, "control");
  const frameRate = Number(attribute(line, "framerate"));
  if (frameRate > 0 && frameRate <= 1000) section.frameRate = frameRate;
  const kilobits = Number(/^b=AS:\s*(\d+)/i.exec(line)?.[1]);
  if (kilobits > 0 && kilobits < 1e7) section.bitrate = kilobits * 1000;
}

function attribute(line: string, name: string): string | undefined {
  const prefix = `a=${name}:`;
  return line.toLowerCase().startsWith(prefix) ? line.slice(prefix.length).trim() || undefined : undefined;
}

/**
 * The video track that a viewer receives: no metadata, nothing that is switched off, and no back channel, which ONVIF
 * marks `sendonly` (some cameras mark their own video so, hence only when there is another).
 */
export function receivableVideo(description: SessionDescription): MediaDescription | undefined {
  const video = description.media.filter(
    ({ kind, direction, encoding }) =>
      kind === "video" && direction !== "inactive" && !/metadata/.test(encoding),
  );
  return video.find(({ direction }) => direction !== "sendonly") ?? video[0];
}
