/**
 * Every verdict that a probe can reach, in one list. All else derives from it: the state of a check, the English
 * words in the dashboard, what to do about it, and what v2.2 would have said.
 */

/** What a stream is, as people see it. The first three come from a check; the last three from the monitor. */
export const STATES = ["up", "degraded", "down", "pending", "paused", "unknown"] as const;
export type State = (typeof STATES)[number];

/** The states that a check can have. */
export type CheckState = "up" | "degraded" | "down";

/** How v2.2 judged a check: `GET /api/status` and MQTT still say it. */
export type V22Status = "ok" | "fail";

export interface ReasonFacts {
  state: CheckState;
  /** What is the matter, in one English sentence without the final full stop. */
  text: string;
  /** What a person can do about it. Empty for `ok`. */
  advice: string;
  /** v2.2's verdict by the protocol that was spoken. */
  v22: { rtsp: V22Status; http: V22Status };
}

const ok = { rtsp: "ok", http: "ok" } as const;
const fail = { rtsp: "fail", http: "fail" } as const;
/** v2.2 counted RTSP 401, 403, 404 and 454 as reachable, and every HTTP 4xx as a failure. */
const okOnRtsp = { rtsp: "ok", http: "fail" } as const;

export const REASONS = {
  ok: { state: "up", text: "The stream answers", advice: "", v22: ok },
  dns_failed: {
    state: "down",
    text: "The host name could not be resolved",
    advice:
      "Check the spelling of the host in the URL and the monitor's DNS server, or use the camera's IP address.",
    v22: fail,
  },
  connect_refused: {
    state: "down",
    text: "The host refuses connections on this port",
    advice:
      "The device is on but nothing listens on the port: check the port, and whether the stream service is enabled.",
    v22: fail,
  },
  unreachable: {
    state: "down",
    text: "There is no route to the host",
    advice: "Check power, cable, switch port and VLAN of the camera, and the monitor's own network.",
    v22: fail,
  },
  timeout: {
    state: "down",
    text: "The device did not answer in time",
    advice:
      "The camera may be off, rebooting or overloaded, or a firewall drops the packets. Raise probe.timeout_ms for slow links.",
    v22: fail,
  },
  connection_closed: {
    state: "down",
    text: "The device closed the connection before it answered",
    advice: "The camera may be restarting or out of connections. Restart it if this stays.",
    v22: fail,
  },
  tls_failed: {
    state: "down",
    text: "No encrypted connection could be made",
    advice:
      "Check that the port speaks TLS (rtsps, https) and, with tls_verify, that the certificate is trusted.",
    v22: fail,
  },
  tls_expired: {
    state: "degraded",
    text: "The camera's certificate has expired",
    advice: "Renew the certificate in the camera, and check its clock.",
    v22: ok,
  },
  auth_required: {
    state: "degraded",
    text: "The camera wants a user name and password",
    advice: "Put them into the stream's URL: rtsp://user:password@host/path.",
    v22: okOnRtsp,
  },
  auth_failed: {
    state: "degraded",
    text: "The camera refuses this user name or password",
    advice:
      "Edit the stream's URL. It is tried again at most every 5 minutes, because cameras lock accounts.",
    v22: okOnRtsp,
  },
  forbidden: {
    state: "degraded",
    text: "The camera forbids this stream to this user",
    advice: "Give the user the right to view live video, or remove the address restriction in the camera.",
    v22: okOnRtsp,
  },
  wrong_path: {
    state: "degraded",
    text: "The device answers, but has no stream under this path",
    advice:
      "Check the path in the URL against the camera's manual: channel and stream numbers are the usual cause.",
    v22: okOnRtsp,
  },
  session_limit: {
    state: "degraded",
    text: "The camera has no free connection for another viewer",
    advice: "Close other viewers, or take the stream from a recorder or go2rtc instead of the camera.",
    v22: okOnRtsp,
  },
  server_error: {
    state: "down",
    text: "The device answers with an error of its own",
    advice: "Restart the camera or its stream server, and look into its log.",
    v22: fail,
  },
  redirect_failed: {
    state: "down",
    text: "The device redirects to an address that cannot be followed",
    advice: "Open the URL by hand, follow it to its end, and use that address.",
    v22: { rtsp: "fail", http: "ok" },
  },
  transport_udp_only: {
    state: "degraded",
    text: "The camera sends this stream by UDP only",
    advice: "Set transport: udp for this stream.",
    v22: fail,
  },
  protocol_error: {
    state: "down",
    text: "The device answers something that is not its protocol",
    advice: "Check scheme and port of the URL: a web page on an RTSP port is the usual cause.",
    v22: fail,
  },
  too_large: {
    state: "down",
    text: "The device's answer is larger than any stream's should be",
    advice: "Check that the URL leads to a camera and not to a download.",
    v22: fail,
  },
  not_a_stream: {
    state: "down",
    text: "The address answers, but not with video",
    advice: "Open the URL in a browser: a login or error page is the usual cause.",
    v22: fail,
  },
  no_video: {
    state: "degraded",
    text: "The stream has no video track",
    advice: "Enable video for this stream in the camera, or choose another channel.",
    v22: fail,
  },
  no_media: {
    state: "down",
    text: "The stream is announced, but no picture arrives",
    advice: "The encoder may hang: restart the camera. Behind a firewall, try the other transport.",
    v22: fail,
  },
  stale: {
    state: "degraded",
    text: "The stream does not move on",
    advice: "The packager has stopped writing new segments: restart it, and check its source.",
    v22: fail,
  },
  frozen: {
    state: "degraded",
    text: "The picture does not change although the stream flows",
    advice: "The encoder may be stuck: restart the camera.",
    v22: fail,
  },
  black: {
    state: "degraded",
    text: "The picture is black",
    advice: "Check the lens cover, the night mode and the infrared light.",
    v22: fail,
  },
  ended: {
    state: "degraded",
    text: "The stream has ended",
    advice: "The playlist says that nothing more will come: start the stream again.",
    v22: fail,
  },
  deep_check_failed: {
    state: "degraded",
    text: "ffprobe cannot read the stream",
    advice: "Open the stream in VLC. An unusual codec is the usual cause.",
    v22: fail,
  },
} as const satisfies Record<string, ReasonFacts>;

export type Reason = keyof typeof REASONS;

export const REASON_CODES = Object.keys(REASONS) as [Reason, ...Reason[]];

export function stateOf(reason: Reason): CheckState {
  return REASONS[reason].state;
}

/**
 * What v2.2 would have called a check.
 * @param strict `strict_status: true` of config.yaml: everything that is not `up` is `fail`
 */
export function v22Status(reason: Reason, protocol: "rtsp" | "http", strict: boolean): V22Status {
  const facts: ReasonFacts = REASONS[reason];
  if (strict && facts.state !== "up") return "fail";
  return facts.v22[protocol];
}
