import { createHash } from "node:crypto";
import { streamTopic, type Topics } from "./topics";

/**
 * Home Assistant's device discovery: what it is told of a stream and of StreamPulse itself. Ids are made of the
 * installation's id and the stream's lasting one, never of a name, so that a renamed stream stays the same device.
 */

/** The prefix that Home Assistant listens to unless somebody changed it, and where it says that it has started. */
export const DISCOVERY_PREFIX = "homeassistant";
export const BIRTH_TOPIC = `${DISCOVERY_PREFIX}/status`;

export interface DiscoveryContext {
  installation: string;
  version: string;
  site?: string;
  topics: Topics;
  /** Whether commands are taken: without them there is nothing to press or switch. */
  commands: boolean;
}

export interface DiscoveredStream {
  id: number;
  name: string;
  slug: string;
  /** Pictures of it are published. */
  image: boolean;
}

type Component = { p: string } & Record<string, unknown>;

/** @param instance what tells this Node-RED from all others */
export function installationId(instance: string): string {
  return createHash("sha256").update(instance).digest("hex").slice(0, 12);
}

/** @param id of a stream; undefined: StreamPulse itself */
export function discoveryTopic(installation: string, id?: number): string {
  return `${DISCOVERY_PREFIX}/device/${deviceId(installation, id)}/config`;
}

/** @param removals name what is not there any more, so that Home Assistant takes it away */
export function streamDiscovery(
  stream: DiscoveredStream,
  context: DiscoveryContext,
  removals: boolean,
): string {
  const { installation, topics } = context;
  const device = deviceId(installation, stream.id);
  return payload(context, {
    device: {
      ids: [device],
      name: stream.name,
      mf: "StreamPulse",
      mdl: "Video stream",
      via_device: deviceId(installation),
    },
    availability: topics.bridgeStatus,
    stateTopic: streamTopic(topics, stream.slug, "state"),
    components: withIds(device, streamComponents(stream, context)),
    absent: removals ? absentComponents(context) : {},
  });
}

export function bridgeDiscovery(context: DiscoveryContext): string {
  const { installation, topics, site, version } = context;
  const device = deviceId(installation);
  const count = (state: string, name: string): Component => ({
    p: "sensor",
    name,
    stat_t: topics.bridgeState,
    val_tpl: `{{ value_json.${state} }}`,
    stat_cla: "measurement",
    avty_t: topics.bridgeStatus,
  });
  return payload(context, {
    device: {
      ids: [device],
      name: site ? `StreamPulse ${site}` : "StreamPulse",
      mf: "StreamPulse",
      sw: version,
    },
    components: withIds(device, {
      // it says of itself whether it is there, so that it is never unavailable
      connection: {
        p: "binary_sensor",
        name: "Connection",
        stat_t: topics.bridgeStatus,
        dev_cla: "connectivity",
        ent_cat: "diagnostic",
        pl_on: "online",
        pl_off: "offline",
      },
      streams: count("streams", "Streams"),
      up: count("up", "Streams up"),
      degraded: count("degraded", "Streams degraded"),
      down: count("down", "Streams down"),
    }),
    absent: {},
  });
}

function streamComponents({ slug, image }: DiscoveredStream, context: DiscoveryContext) {
  const { topics, commands } = context;
  const components: Record<string, Component> = {
    connectivity: {
      p: "binary_sensor",
      name: "Connectivity",
      dev_cla: "connectivity",
      val_tpl: "{{ {'up': 'ON', 'degraded': 'OFF', 'down': 'OFF'}.get(value_json.state, 'None') }}",
    },
    reason: diagnostic("Reason", "reason"),
    latency: {
      ...diagnostic("Latency", "latency_ms"),
      dev_cla: "duration",
      unit_of_meas: "ms",
      stat_cla: "measurement",
    },
    uptime: { ...diagnostic("Uptime 24 h", "uptime_24h"), unit_of_meas: "%", stat_cla: "measurement" },
    resolution: diagnostic("Resolution", "resolution"),
  };
  if (commands) {
    components.check = { p: "button", name: "Check now", cmd_t: streamTopic(topics, slug, "check") };
    components.enabled = {
      p: "switch",
      name: "Enabled",
      ent_cat: "config",
      cmd_t: streamTopic(topics, slug, "enabled/set"),
      val_tpl: "{{ 'ON' if value_json.enabled else 'OFF' }}",
    };
  }
  if (image) {
    components.image = {
      p: "image",
      name: "Picture",
      img_t: streamTopic(topics, slug, "image"),
      content_type: "image/jpeg",
    };
  }
  return components;
}

/** An entry that has nothing but its platform removes the component. */
function absentComponents({ commands }: DiscoveryContext): Record<string, Component> {
  return commands ? {} : { check: { p: "button" }, enabled: { p: "switch" } };
}

function diagnostic(name: string, member: string): Component {
  return { p: "sensor", name, ent_cat: "diagnostic", val_tpl: `{{ value_json.${member} }}` };
}

interface Discovery {
  device: Record<string, unknown>;
  availability?: string;
  stateTopic?: string;
  components: Record<string, Component>;
  absent: Record<string, Component>;
}

function payload({ version }: DiscoveryContext, discovery: Discovery): string {
  const { device, availability, stateTopic, components, absent } = discovery;
  return JSON.stringify({
    dev: device,
    o: { name: "StreamPulse", sw: version },
    avty_t: availability,
    stat_t: stateTopic,
    cmps: { ...components, ...absent },
  });
}

function withIds(device: string, components: Record<string, Component>): Record<string, Component> {
  return Object.fromEntries(
    Object.entries(components).map(([key, component]) => [
      key,
      { ...component, uniq_id: `${device}_${key}` },
    ]),
  );
}

function deviceId(installation: string, id?: number): string {
  return id === undefined ? `streampulse_${installation}` : `streampulse_${installation}_${id}`;
}
