import { Failure, LocalFailure } from "../../../common/camera/failure";
import type { HttpAnswer } from "../../../common/camera/http-get";
import { header, printable } from "../../../common/camera/wire-reader";
import { HlsPlaylist, MOST_LINE_CHARACTERS } from "./hls-playlist";
import { contentCoding, decompress, isHtml } from "./http-beginning";

const MOST_PLAYLIST_BYTES = 1024 * 1024;
/** Compressed text is kept whole until its end. */
const MOST_COMPRESSED_BYTES = 256 * 1024;
/** A server that neither says how long its answer is nor closes behind it is not waited for longer. */
const IDLE_MS = 1000;

/**
 * Reads a playlist as it comes, without keeping it.
 * @param name as messages call it
 */
export async function readPlaylist(
  answer: HttpAnswer,
  name: string,
): Promise<HlsPlaylist | Failure | LocalFailure> {
  const lines = new PlaylistLines(name);
  const coding = contentCoding(header(answer.head, "content-encoding"));
  const most = coding ? MOST_COMPRESSED_BYTES : MOST_PLAYLIST_BYTES;
  const compressed: Buffer[] = [];
  let total = 0;
  for (;;) {
    const piece = await answer.body.next(lines.begun ? IDLE_MS : undefined);
    if (piece instanceof Failure || piece instanceof LocalFailure) return piece;
    if (!piece) break;
    total += piece.length;
    if (total > most) return new Failure("too_large", `${name} is larger than ${most / 1024} KiB`);
    if (coding) compressed.push(piece);
    else {
      const failure = lines.add(piece);
      if (failure) return failure;
    }
  }
  if (coding) {
    const text = decompress(Buffer.concat(compressed), MOST_PLAYLIST_BYTES);
    if (text === undefined)
      return new Failure("too_large", `${name} is larger than ${MOST_PLAYLIST_BYTES / 1024} KiB`);
    if (text === null) return new Failure("protocol_error", `${name} is no ${coding} although it says so`);
    const failure = lines.add(text);
    if (failure) return failure;
  }
  return lines.end();
}

/** Cuts lines out of pieces: they end in CRLF, LF, or CR alone, which RFC 8216 §4.1 forbids and old tools write. */
class PlaylistLines {
  begun = false;
  private readonly playlist = new HlsPlaylist();
  private rest = "";

  constructor(private readonly name: string) {}

  add(piece: Buffer): Failure | undefined {
    // one character a byte, because pieces may cut a character of UTF-8 in two
    this.rest += piece.toString("latin1");
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() as string;
    for (const line of lines) {
      const failure = this.line(line);
      if (failure) return failure;
    }
    return this.rest.length > MOST_LINE_CHARACTERS ? this.tooLong() : undefined;
  }

  end(): HlsPlaylist | Failure {
    const failure = this.line(this.rest) ?? (this.begun ? undefined : this.notOne(""));
    return failure ?? this.playlist;
  }

  private line(line: string): Failure | undefined {
    if (line.length > MOST_LINE_CHARACTERS) return this.tooLong();
    if (this.begun) this.playlist.add(decoded(line));
    else if (/^(\u00ef\u00bb\u00bf)?#EXTM3U/.test(line)) this.begun = true;
    else return this.notOne(line);
    return undefined;
  }

  private notOne(text: string): Failure {
    const found = isHtml({ text }) ? "is HTML" : `begins with ${printable(Buffer.from(text, "latin1"))}`;
    return new Failure("not_a_stream", `${this.name} ${found}`);
  }

  private tooLong(): Failure {
    return new Failure("too_large", `${this.name} has a line longer than ${MOST_LINE_CHARACTERS / 1024} KiB`);
  }
}

/** RFC 8216 §4.1: playlists are UTF-8. */
function decoded(line: string): string {
  return /^[\0-\x7f]*$/.test(line) ? line : Buffer.from(line, "latin1").toString("utf8");
}
