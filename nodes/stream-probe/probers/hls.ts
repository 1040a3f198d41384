import { parseStreamUrl, StreamUrlError, type StreamUrl } from "../../../common/stream-url";
import type { Media } from "../../../contracts/check";
import { Failure, LocalFailure } from "../../../common/camera/failure";
import { httpGet, httpReason, type HttpAnswer } from "../../../common/camera/http-get";
import { orNothing } from "../picture/container";
import type { ByteRange, HlsPlaylist } from "./hls-playlist";
import { readPlaylist } from "./hls-reading";
import { segmentFailure, segmentMedia } from "./hls-segment";
import type { HttpFormat, HttpStream } from "./http-format";
import type { Verdict } from "./probe-run";
import type { ProbeMemory } from "./prober";

/** A playlist that stands still for longer than three segments, and this, has stopped. */
const STALE_AFTER_SEGMENTS = 3;
const STALE_AFTER_SECONDS = 10;
/** The message says one of these, so that it is the same for a while. */
const STALE_STEPS_SECONDS = [10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];

/** HTTP Live Streaming (RFC 8216): master playlist, media playlist, newest segment. */
export const hls: HttpFormat = {
  recognizes: ({ text }) => text.startsWith("#EXTM3U"),
  async firstPicture(stream) {
    stream.run.await(`${stream.status}, but no whole playlist`, "no_media");
    const playlist = await readPlaylist(stream, `${stream.status}, but playlist`);
    if (playlist instanceof Failure || playlist instanceof LocalFailure) return playlist;
    if (playlist.variants === 0) return new Live(stream, stream.url, {}).check(playlist);
    const variant = playlist.firstVideo;
    if (!variant) return new Failure("no_video", `${stream.status}, but all variants are sound alone`);
    const answer = await get(stream, stream.url, "media playlist", variant.uri);
    if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
    stream.run.await("no whole media playlist", "no_media");
    const media = await readPlaylist(answer, "media playlist");
    if (media instanceof Failure || media instanceof LocalFailure) return media;
    if (media.variants > 0) return new Failure("protocol_error", "media playlist is a master playlist again");
    return new Live(stream, answer.url, variant.media).check(media);
  },
};

/** One media playlist with what belongs to it. */
class Live {
  /** @param base where the playlist came from: its addresses count from there */
  constructor(
    private readonly stream: HttpStream,
    private readonly base: StreamUrl,
    private readonly declared: Media,
  ) {}

  async check(playlist: HlsPlaylist): Promise<Verdict | Failure | LocalFailure> {
    const { status, request, run } = this.stream;
    const declared = orNothing(this.declared);
    if (playlist.ended && !playlist.recording) {
      return { reason: "ended", message: `${status}, but the playlist has ended`, media: declared };
    }
    const found = await this.newest(playlist);
    if (found instanceof Failure || found instanceof LocalFailure) return found;
    const media = orNothing(found);
    if (playlist.recording) {
      return { reason: "ok", message: `${status}, a recording`, media };
    }
    const seconds = unchangedSeconds(playlist, request.memory, run.clock.elapsed());
    if (seconds > Math.max(STALE_AFTER_SEGMENTS * playlist.targetSeconds, STALE_AFTER_SECONDS)) {
      const coarse = STALE_STEPS_SECONDS.findLast((step) => step <= seconds) as number;
      return { reason: "stale", message: `playlist unchanged for ${coarse} s`, media };
    }
    return { reason: "ok", message: status, media };
  }

  /** Looks at the newest segment. @returns what the stream consists of */
  private async newest(playlist: HlsPlaylist): Promise<Media | Failure | LocalFailure> {
    const { run } = this.stream;
    const segment = playlist.newest;
    if (!segment) {
      const none = playlist.segments > 0 ? "gaps instead of segments" : "no segments";
      return new Failure("no_media", `playlist has ${none}`);
    }
    const began = run.clock.elapsed();
    let init: Buffer = Buffer.alloc(0);
    if (segment.init && !segment.encrypted) {
      const answer = await get(this.stream, this.base, "init segment", segment.init.uri, segment.init.range);
      if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
      init = await answer.body.gather({ bytes: 64 * 1024, waitMs: 2000 }, run.clock, () => false);
    }
    const answer = await get(this.stream, this.base, "segment", segment.uri, segment.range);
    if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
    const failure = await segmentFailure(answer, segment.encrypted);
    if (failure) return failure;
    run.pictureCame(began);
    if (segment.encrypted) return this.declared;
    const media = await segmentMedia(answer, init, run.clock);
    return media instanceof Failure ? media : { ...this.declared, ...media };
  }
}

/** Asks for something that a playlist names; its answer is one that can be read. */
async function get(
  { run }: HttpStream,
  base: StreamUrl,
  name: string,
  uri: string,
  range?: ByteRange,
): Promise<HttpAnswer | Failure | LocalFailure> {
  const url = resolve(uri, base);
  if (url instanceof Failure) return url;
  const bytes = range && `bytes=${range.from}-${range.from + range.length - 1}`;
  const answer = await httpGet(run, url, { name, range: bytes });
  if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
  const reason = httpReason(answer.head.status);
  if (reason === "ok") return answer;
  // the stream's own address is right, so a wrong one within the playlist means that nothing comes
  const meant = reason === "wrong_path" || reason === "protocol_error" ? "no_media" : reason;
  return new Failure(meant, `${name} HTTP ${answer.head.status}`);
}

/**
 * RFC 3986 §5.2, against the address that the playlist came from. Only http and https are ever opened, and credentials in
 * an address that a server invents are not ours to send.
 */
function resolve(uri: string, base: StreamUrl): StreamUrl | Failure {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    return new Failure("not_a_stream", `playlist names a ${scheme.slice(0, 20)}: address`);
  }
  try {
    const url = new URL(uri, base.target);
    return parseStreamUrl(`${url.protocol}//${url.host}${url.pathname}${url.search}`);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof StreamUrlError)) throw error;
    return new Failure("not_a_stream", "playlist names an address that cannot be read");
  }
}

/** How long the playlist has been seen to stand still; 0 when it has moved, or nobody remembers. */
function unchangedSeconds(playlist: HlsPlaylist, memory: ProbeMemory | undefined, now: number): number {
  if (!memory) return 0;
  const { position } = playlist;
  if (memory.playlist?.position === position) return (now - memory.playlist.changedAtMs) / 1000;
  memory.playlist = { position, changedAtMs: now };
  return 0;
}
