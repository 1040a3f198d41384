import type { HttpAnswer } from "../../../common/camera/http-get";
import type { Failure, LocalFailure } from "../../../common/camera/failure";
import type { ProbeRun, Verdict } from "./probe-run";
import type { ProbeRequest } from "./prober";

/** How an answer begins: its media type is often wrong, so the bytes have the last word. */
export interface Beginning {
  /** Media type in lower case without parameters; "" when there is none. */
  type: string;
  /** The first bytes of the body, without transfer and content coding. */
  bytes: Buffer;
  /** The first 64 of them as text, one character a byte, without a byte order mark. */
  text: string;
}

/** An answer with the status 200 that begins like video. */
export interface HttpStream extends HttpAnswer {
  run: ProbeRun;
  request: ProbeRequest;
  beginning: Beginning;
  /** "HTTP 200", which every message about it begins with. */
  status: string;
}

/** One format of video over HTTP. */
export interface HttpFormat {
  /** What the handshake believes, by the first bytes and the media type. */
  recognizes(beginning: Beginning): boolean;
  /** The media level: reads on until there is a picture, or it is clear why there is none. */
  firstPicture(stream: HttpStream): Promise<Verdict | Failure | LocalFailure>;
}
