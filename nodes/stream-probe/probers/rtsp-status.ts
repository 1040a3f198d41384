import type { Reason } from "../../../contracts/reasons";

const STATUS_REASONS: Record<number, Reason> = {
  200: "ok",
  401: "auth_failed",
  403: "forbidden",
  404: "wrong_path",
  410: "wrong_path",
  453: "session_limit",
  454: "session_limit",
  461: "transport_udp_only",
};

/** What a status of RTSP (RFC 2326 §7.1.1) means for a stream. */
export function rtspReason(status: number): Reason {
  return STATUS_REASONS[status] ?? (status >= 500 ? "server_error" : "protocol_error");
}

/** The words of RFC 2326 §7.1.1, not the camera's: messages are stored and compared. */
const PHRASES: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  410: "Gone",
  453: "Not Enough Bandwidth",
  454: "Session Not Found",
  455: "Method Not Valid in This State",
  457: "Invalid Range",
  459: "Aggregate Operation Not Allowed",
  460: "Only Aggregate Operation Allowed",
  461: "Unsupported Transport",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "RTSP Version Not Supported",
};

export function rtspStatus(status: number): string {
  const phrase = PHRASES[status];
  return phrase === undefined ? `RTSP ${status}` : `RTSP ${status} ${phrase}`;
}
