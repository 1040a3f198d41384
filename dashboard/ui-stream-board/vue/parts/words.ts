import { format, reasonAdvice, reasonText, t } from "../../../shared/i18n";
import type { Reason, State } from "../../../../contracts/reasons";
import type { RowMedia } from "../../board-protocol";
import type { BoardRow } from "../data/board-row";

/** What is the matter with a stream, in a few words; empty while nothing is. */
export function matterOf({ state, reason }: { state: State; reason: Reason | null }): string {
  if (reason !== null && reason !== "ok") return reasonText(reason);
  return state === "up" || state === "down" || state === "degraded" ? "" : t(`stateText.${state}`);
}

/** What to do about it; empty where nothing can be done. */
export function adviceOf({ reason }: { reason: Reason | null }): string {
  return reason === null ? "" : reasonAdvice(reason);
}

/** All that is known of what is the matter: for a tip where the line is too short. Undefined while nothing is. */
export function explanationOf(row: Pick<BoardRow, "state" | "reason" | "check">): string | undefined {
  const matter = matterOf(row);
  return matter === ""
    ? undefined
    : [`${matter}.`, adviceOf(row), row.check?.message].filter(Boolean).join(" ");
}

/** How long the last check waited for an answer; empty where there was none. */
export function latencyOf({ check }: Pick<BoardRow, "check">): string {
  return check?.latencyMs == null ? "" : format.value.milliseconds(check.latencyMs);
}

/** H.264 1920×1080 25 fps */
export function pictureOf(media: RowMedia | null): string {
  if (!media) return "";
  const { codec, width, height, fps } = media;
  const parts = [
    codec && (CODECS[codec.toLowerCase()] ?? codec),
    width && height ? `${width}×${height}` : "",
    fps ? `${format.value.number(fps)} fps` : "",
  ];
  return parts.filter(Boolean).join(" ");
}

const CODECS: Record<string, string> = {
  h264: "H.264",
  h265: "H.265",
  hevc: "H.265",
  jpeg: "JPEG",
  mjpeg: "MJPEG",
  av1: "AV1",
  vp8: "VP8",
  vp9: "VP9",
  mpeg4: "MPEG-4",
};
