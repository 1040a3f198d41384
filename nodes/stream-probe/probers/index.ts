import type { StreamUrl } from "../../../common/stream-url";
import { httpProber } from "./http";
import type { Prober } from "./prober";
import { rtspProber } from "./rtsp";

/** The one list of protocols: a new one is a file beside this and a line here. */
export const PROBERS = {
  rtsp: rtspProber,
  http: httpProber,
} satisfies Record<StreamUrl["protocol"], Prober>;
