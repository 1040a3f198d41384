/** What the board's two halves send each other. Types only: the browser's half is built without the node's. */

/** What stays out of a row is asked for when the stream is opened. A tuple, because 10,000 are sent at once. */
export type Row = [
  /** The stream's lasting id, which stays through renames and restarts; below 0 while it has none yet. */
  key: number,
  name: string,
  /** Index in STATES: confirmed. */
  state: number,
  /** Index in REASON_CODES; -1: none. */
  reason: number,
  /** Epoch milliseconds; null while nothing was confirmed. */
  since: number | null,
  /** Its place in config.yaml, from 0. */
  position: number,
  group: string | null,
  tags: readonly string[],
  /** Scheme and host. */
  url: string,
  enabled: boolean,
  media: RowMedia | null,
  /** How often it went up and down in the last half hour, while it does so again and again; else 0. */
  flaps: number,
  check: RowCheck | null,
];

export interface RowMedia {
  codec?: string;
  width?: number;
  height?: number;
  fps?: number;
  bitrate?: number;
  audioCodec?: string;
}

export type RowCheck = [
  /** Epoch milliseconds. */
  at: number,
  latencyMs: number | null,
  /** Index in STATES. */
  state: number,
  /** Index in REASON_CODES. */
  reason: number,
  /** The evidence; empty for a check that found the stream up. */
  message: string,
  /** By ffprobe. */
  isDeep: boolean,
];

/** Push `rows`: all streams, in parts. Part 0 begins anew. */
export interface RowsPush {
  part: number;
  parts: number;
  rows: Row[];
}

/** Push `changes`. */
export interface ChangesPush {
  rows: Row[];
  /** Keys. */
  removed: number[];
  /** Checks of streams that are not on the screen, now and then: key, at, latency (-1: none), and so on. */
  checks: number[];
}

/** Push `uptime`. */
export interface UptimePush {
  /** Shares of all streams together over 24 h, 7 d, 30 d; null where nothing is known. */
  all: Shares;
  groups: [group: string | null, day: number | null][];
  /** Of those streams whose shares changed: key, 24 h, 7 d, 30 d in millionths (-1: nothing known), and so on. */
  streams: number[];
}
export type Shares = [day: number | null, week: number | null, month: number | null];

/** Push `info`: what else the page has to know. */
export interface InfoPush {
  /** The server's clock, epoch milliseconds. */
  now: number;
  /** True once the store has told what streams there are. */
  ready: boolean;
  /** IANA name. */
  timezone: string;
  heartbeatSeconds: number;
  /** Pictures are judged now and then, so that people may see some. */
  pictures: boolean;
  /** Services that were stopped by hand. */
  stopped: string[];
  /** Sentences: what a person should know and mend. */
  problems: string[];
  /** Why nothing may be changed from this page, in a sentence; null when it may. */
  refusal: string | null;
}

/** Answer to `bars`. */
export interface BarsAnswer {
  bucketMs: number;
  streams: StreamBars[];
}
export type StreamBars = [
  key: number,
  /** When the first bucket begins, epoch milliseconds. */
  from: number,
  /** The worst of each bucket, oldest first: 0 where nothing is known, else 1 + state + 8 × (reason + 1). */
  bars: number[],
  /** Means of each hour, oldest first; -1: none. */
  latency: number[],
];

/** Requests and what they carry. `bars` to `incidents` answer; the others answer with nothing. */
export interface Requests {
  open: { visible: number[] };
  /** What is on the screen now. */
  see: { visible: number[] };
  close: null;
  /** Answers `{known}`: false when the node has forgotten this page. */
  alive: null;
  bars: { keys: number[] };
  /** Answers a LiveStream. */
  stream: { key: number };
  /** Answers the JSON text of the query; times in epoch milliseconds. */
  history: { key: number; from?: number; to?: number; limit?: number; bucket?: string };
  incidents: { key: number; from?: number; to?: number; limit?: number; before?: string };
  check: { key: number; deep: boolean };
  enable: { key: number; enabled: boolean };
  delete: { key: number; keepHistory: boolean };
  start: { service: string };
}
