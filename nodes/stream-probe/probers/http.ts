import { Failure, LocalFailure } from "../../../common/camera/failure";
import type { HttpBody } from "../../../common/camera/http-body";
import { httpGet, httpReason } from "../../../common/camera/http-get";
import type { Network } from "../../../common/camera/network";
import { beginningOf, isHtml, notVideoFailure } from "./http-beginning";
import { formatOf } from "./http-formats";
import { ProbeRun, type Verdict } from "./probe-run";
import type { ProbeRequest, Prober } from "./prober";

/** So much tells most formats of video apart. */
const ENOUGH_BYTES = 8;
/** What begins as text may be a web page, or a playlist behind a byte order mark. */
const ENOUGH_TEXT_BYTES = 16;

/**
 * HTTP video of any kind. Handshake: GET, with credentials when the camera asks, until the first bytes of the body show
 * whether it is video. Media: as its format says, until there is a picture.
 */
export const httpProber: Prober = {
  async probe(request: ProbeRequest, network: Network) {
    const run = new ProbeRun(request, network);
    try {
      return run.result(await look(run, request));
    } finally {
      await run.end();
    }
  },
};

async function look(run: ProbeRun, request: ProbeRequest): Promise<Verdict | Failure | LocalFailure> {
  const answer = await httpGet(run, request.url);
  if (answer instanceof Failure || answer instanceof LocalFailure) return answer;
  const status = `HTTP ${answer.head.status}`;
  const reason = httpReason(answer.head.status);
  if (reason !== "ok") return new Failure(reason, status);
  run.await(`${status}, but no data`, "no_media");
  const failure = await begin(answer.body);
  if (failure) return failure;
  if (answer.body.beginning.length === 0) return new Failure("no_media", `${status}, but no data`);
  const beginning = beginningOf(answer);
  const format = isHtml(beginning) ? undefined : formatOf(beginning);
  if (!format) return notVideoFailure(beginning, answer.url.path, status);
  if (request.level === "handshake") return { reason: "ok", message: status };
  run.level = "media";
  return format.firstPicture({ ...answer, run, request, beginning, status });
}

async function begin(body: HttpBody): Promise<Failure | LocalFailure | undefined> {
  let failure = await body.begin(ENOUGH_BYTES);
  const first = body.beginning[0];
  if (!failure && (first === 0x3c || first === 0xef)) failure = await body.begin(ENOUGH_TEXT_BYTES);
  // what has come by the deadline may be enough to tell
  return failure instanceof Failure && failure.reason === "no_media" && body.beginning.length > 0
    ? undefined
    : failure;
}
