import type { StreamUrl } from "../../../common/stream-url";
import type { Reason } from "../../../contracts/reasons";
import { Failure, LocalFailure } from "../../../common/camera/failure";
import type { Network } from "../../../common/camera/network";
import { printable } from "../../../common/camera/wire-reader";
import { ProbeRun, type Verdict } from "./probe-run";
import type { ProbeRequest, Prober } from "./prober";
import { RtspPlay } from "./rtsp-play";
import { RtspSession, type Answer } from "./rtsp-session";
import { rtspReason, rtspStatus } from "./rtsp-status";
import { parseSdp, receivableVideo, type SessionDescription } from "./sdp";

/**
 * RTSP 1.0 (RFC 2326). Handshake: DESCRIBE, until its session description is understood. Media: SETUP and PLAY of the
 * video track, until its first RTP packet, and TEARDOWN.
 */
export const rtspProber: Prober = {
  async probe(request: ProbeRequest, network: Network) {
    const run = new ProbeRun(request, network);
    let play: RtspPlay | undefined;
    try {
      const described = await describe(run, request.url);
      if (!("description" in described) || request.level === "handshake") return run.result(described);
      play = new RtspPlay(run, described.session, described.base, described.description, request);
      return run.result(await play.firstPicture());
    } finally {
      await run.end(play?.farewell());
      play?.close();
    }
  },
};

interface Described extends Verdict {
  session: RtspSession;
  description: SessionDescription;
  /** What relative control addresses hang on (RFC 2326 §C.1.1). */
  base: string;
}

async function describe(
  run: ProbeRun,
  first: StreamUrl,
): Promise<Described | Verdict | Failure | LocalFailure> {
  let url = first;
  for (;;) {
    const session = await RtspSession.open(run, url);
    if (!(session instanceof RtspSession)) return session;
    const answer = await session.request("DESCRIBE", url.target, "Accept: application/sdp\r\n");
    if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
    const { status, headers } = answer.head;
    if (status >= 300 && status < 400 && status !== 304) {
      const target = run.redirected(answer.head, url);
      if (target instanceof Failure) return target;
      url = target;
      continue;
    }
    if (status === 401) return run.unauthorized(rtspStatus(status));
    const description = understood(answer);
    if (description instanceof Failure) return description;
    const base = headers.get("content-base")?.[0] ?? headers.get("content-location")?.[0] ?? url.target;
    return { reason: "ok", message: "RTSP 200", session, description, base };
  }
}

function understood({ head, body }: Answer): SessionDescription | Failure {
  const reason: Reason = rtspReason(head.status);
  if (reason !== "ok") return new Failure(reason, rtspStatus(head.status));
  const description = parseSdp(body.toString("latin1"));
  if (!description)
    return new Failure("not_a_stream", `RTSP 200, but no session description: ${printable(body)}`);
  if (receivableVideo(description)) return description;
  const kinds = [...new Set(description.media.map(({ kind }) => kind))].join(", ").slice(0, 60);
  return new Failure("no_video", `RTSP 200, but no video track (${kinds || "nothing"} only)`);
}
