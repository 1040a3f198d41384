import { parseStreamUrl, type StreamUrl } from "../../common/stream-url";
import type { ProbeSettings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { AgendaEntry } from "./agenda";
import type { Health } from "./health";
import type { Job } from "./limits";

const HANDSHAKE_TIMEOUT_MS = 3500;
/** A suspect stream is looked at again this soon: at once, but not within the same blip. */
const RECHECK_MS = 1000;

/** What of config.yaml concerns probing. */
export interface MonitorSettings {
  heartbeat_seconds: number;
  probe: ProbeSettings;
}

/** One stream with everything that the engine keeps about it. A changed entry of config.yaml makes a new one. */
export class MonitoredStream implements Job {
  readonly url: StreamUrl;
  readonly host: string;
  readonly heartbeatMs: number;
  readonly timeoutMs: number;
  readonly confirmFailures: number;
  readonly recheckMs: number;
  readonly entry: AgendaEntry<MonitoredStream> = { item: this, dueAt: 0, index: -1 };
  /** Its next regular check, on the clock that never jumps. */
  slotAt = 0;
  /** The regular slot that the probe which waits or runs is for; NaN when it is out of turn. */
  wantedAt = NaN;
  /** A probe waits or runs. */
  busy = false;
  /** Grows when the stream is taken off, so that what still runs for it is not counted. */
  round = 0;
  /** What `Limits` calls when it is this stream's turn. */
  run: () => void = () => {};

  constructor(
    readonly stream: Stream,
    settings: MonitorSettings,
    /** Its place in a heartbeat, 0 to 1. */
    readonly phase: number,
    readonly health: Health,
  ) {
    this.url = parseStreamUrl(stream.url);
    this.host = this.url.host;
    this.heartbeatMs = (stream.heartbeat_seconds ?? settings.heartbeat_seconds) * 1000;
    this.timeoutMs = stream.timeout_ms ?? settings.probe.timeout_ms ?? HANDSHAKE_TIMEOUT_MS;
    this.confirmFailures = stream.confirm_failures ?? settings.probe.confirm_failures;
    this.recheckMs = Math.min(RECHECK_MS, this.heartbeatMs / 4);
  }
}
