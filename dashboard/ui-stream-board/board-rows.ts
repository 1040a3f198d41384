import { REASON_CODES, STATES, type LiveStream, type Reason, type State } from "../../contracts";
import type { Row, RowCheck } from "./board-protocol";

const stateIndexes = new Map<State, number>(STATES.map((state, index) => [state, index]));
const reasonIndexes = new Map<Reason, number>(REASON_CODES.map((reason, index) => [reason, index]));

export function stateIndex(state: State): number {
  return stateIndexes.get(state) ?? 0;
}

export function reasonIndex(reason: Reason | null): number {
  return reason === null ? -1 : (reasonIndexes.get(reason) ?? -1);
}

export function toRow(key: number, stream: LiveStream): Row {
  const { name, state, reason, since, position, group, tags, url, enabled, media, flaps, last } = stream;
  return [
    key,
    name,
    stateIndex(state),
    reasonIndex(reason),
    since,
    position,
    group,
    tags,
    url,
    enabled,
    media && {
      ...{ codec: media.codec, width: media.width, height: media.height, fps: media.fps },
      ...{ bitrate: media.bitrate, audioCodec: media.audioCodec },
    },
    flaps ?? 0,
    last && toRowCheck(last),
  ];
}

function toRowCheck(check: NonNullable<LiveStream["last"]>): RowCheck {
  const { at, latencyMs, state, reason, message, level } = check;
  const shown = state === "up" ? "" : message;
  return [
    at,
    latencyMs === null ? null : Math.round(latencyMs),
    stateIndex(state),
    reasonIndex(reason),
    shown,
    level === "deep",
  ];
}

/** Whether two of a stream look the same but for the time and latency of the last check, which change with each one. */
export function isSameButCheck(one: LiveStream, other: LiveStream): boolean {
  return (
    one.name === other.name &&
    one.state === other.state &&
    one.reason === other.reason &&
    one.since === other.since &&
    one.position === other.position &&
    one.group === other.group &&
    one.enabled === other.enabled &&
    one.url === other.url &&
    one.flaps === other.flaps &&
    isSameList(one.tags, other.tags) &&
    isSamePicture(one.media, other.media) &&
    one.last?.state === other.last?.state &&
    one.last?.reason === other.last?.reason &&
    (one.last?.state === "up" || one.last?.message === other.last?.message)
  );
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return (
    one === other || (one.length === other.length && one.every((entry, index) => entry === other[index]))
  );
}

/** A bitrate differs a little with each measurement. */
function isSamePicture(one: LiveStream["media"], other: LiveStream["media"]): boolean {
  return (
    one === other ||
    (one?.codec === other?.codec &&
      one?.width === other?.width &&
      one?.height === other?.height &&
      one?.fps === other?.fps &&
      one?.audioCodec === other?.audioCodec)
  );
}
