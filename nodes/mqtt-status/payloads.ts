import { REASONS, STATES, type Transition } from "../../contracts";
import type { ZonedTime } from "../../common/zoned-time";
import type { MirroredStream } from "./streams-mirror";

/** What stands in every payload of ours, beside the thing itself. */
export interface Origin {
  /** Tells two installations at one broker apart. */
  installation: string;
  site?: string;
  /** The time zone of config.yaml. */
  zone: ZonedTime;
}

/** `<base>/streams/<slug>/state`, as JSON (docs/MQTT.md). */
export function statePayload(stream: MirroredStream, uptime: number | null, origin: Origin): string {
  const { id, name, group, enabled, state, reason, since, last, media, flapping } = stream;
  const { installation, site, zone } = origin;
  return JSON.stringify({
    id,
    name,
    group,
    site,
    enabled,
    state,
    reason,
    message: last?.message ?? null,
    since: since === null ? null : zone.format(since),
    checked: last ? zone.format(last.at) : null,
    latency_ms: last?.latencyMs == null ? null : Math.round(last.latencyMs),
    resolution: resolution(media),
    fps: media?.fps ?? null,
    codec: media?.codec ?? null,
    uptime_24h: percent(uptime),
    flapping: flapping === true,
    installation,
  });
}

/** What of a stream is told at once when it changes; all else waits for its turn. */
export function urgentFacts({
  name,
  group,
  enabled,
  state,
  reason,
  since,
  flapping,
  media,
}: MirroredStream): string {
  return JSON.stringify([
    name,
    group,
    enabled,
    state,
    reason,
    since,
    flapping,
    resolution(media),
    media?.codec,
  ]);
}

/** `<base>/events`, as JSON. */
export function eventPayload(
  transition: Transition,
  known: { id: number; slug?: string } | undefined,
  { installation, site, zone }: Origin,
): string {
  const { seq, stream, from, to, reason, message, at, previousDurationMs } = transition;
  return JSON.stringify({
    seq,
    at: zone.format(at),
    stream,
    id: known?.id ?? null,
    slug: known?.slug ?? null,
    site,
    from,
    to,
    reason,
    text: reason === null ? null : REASONS[reason].text,
    message: message ?? null,
    previous_duration_seconds: Math.round(previousDurationMs) / 1000,
    installation,
  });
}

/** `<base>/bridge/state`, as JSON. */
export function bridgePayload(
  streams: Iterable<MirroredStream>,
  version: string,
  { installation, site }: Origin,
): string {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  let all = 0;
  for (const { state } of streams) {
    counts[state] = (counts[state] ?? 0) + 1;
    all++;
  }
  return JSON.stringify({ version, streams: all, ...counts, site, installation });
}

function resolution(media: MirroredStream["media"]): string | null {
  return media?.width && media.height ? `${media.width}x${media.height}` : null;
}

/** Cut and not rounded: 100 means that nothing was missing. */
function percent(share: number | null): number | null {
  return share === null ? null : Math.floor(share * 10_000) / 100;
}
