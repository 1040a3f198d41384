import { isMap } from "yaml";
import {
  mqttSettingsSchema,
  probeSettingsSchema,
  retentionSettingsSchema,
  settingsSchema,
  type Settings,
} from "../../contracts/settings";
import { readTimeouts } from "./environment-timeouts";
import { readKeys, shownKey, type KeysRead, type Reading, type Shape } from "./read-keys";
import { isEmpty, type Field } from "./yaml-file";

/** The keys whose values are maps of keys. */
export const NESTED_SETTINGS = {
  probe: probeSettingsSchema.shape,
  retention: retentionSettingsSchema.shape,
  mqtt: mqttSettingsSchema.shape,
} as const;

/** Not keys of the file, or read elsewhere. */
const ELSEWHERE = new Set(["handshake_timeout_ms", ...Object.keys(NESTED_SETTINGS)]);

export const SETTINGS_SHAPE: Shape = Object.fromEntries(
  Object.entries(settingsSchema.shape).filter(([key]) => !ELSEWHERE.has(key)),
);

interface Section extends KeysRead {
  fields: ReadonlyMap<string, Field>;
}

/** All of config.yaml but `streams:`. A wrong key falls back to its default, alone. */
export function readSettings(topLevel: ReadonlyMap<string, Field>, reading: Reading): Settings {
  const own = [...topLevel].filter(([key]) => key !== "streams" && !Object.hasOwn(NESTED_SETTINGS, key));
  const { values } = readKeys(
    {
      fields: new Map(own),
      shape: SETTINGS_SHAPE,
      neighbours: ["streams", ...Object.keys(NESTED_SETTINGS)],
      label: "",
      place: "",
      owner: "config.yaml",
      unknown: new Set(),
      consequence: (key) => fallback(SETTINGS_SHAPE, key),
    },
    reading,
  );
  const probe = readSection("probe", topLevel, reading);
  const retention = readSection("retention", topLevel, reading);
  const mqtt = readSection("mqtt", topLevel, reading);
  requireHost(mqtt, reading);
  const settings = settingsSchema.parse({
    ...values,
    probe: probe.values,
    retention: retention.values,
    mqtt: mqtt.values,
    handshake_timeout_ms: readTimeouts(reading),
  });
  keepMediaAboveHeartbeat(settings, probe, reading);
  return settings;
}

function readSection(
  name: keyof typeof NESTED_SETTINGS,
  topLevel: ReadonlyMap<string, Field>,
  reading: Reading,
): Section {
  const shape: Shape = NESTED_SETTINGS[name];
  const section = topLevel.get(name);
  const map = section?.value ?? null;
  if (!section || isEmpty(map)) return emptySection();
  if (!isMap(map)) {
    reading.problems.add({
      ...section.position,
      place: name,
      message: `${name} must be a map: write its keys below it, indented by two spaces; its defaults are used`,
      severity: "error",
    });
    return emptySection();
  }
  const fields = reading.yaml.fields(map, (position, key, message) => {
    const place = `${name}.${shownKey(key)}`;
    reading.problems.add({ ...position, place, message: `${place} ${message}`, severity: "error" });
  });
  const read = readKeys(
    {
      fields,
      shape,
      label: `${name}.`,
      place: `${name}.`,
      owner: name,
      unknown: new Set(),
      consequence: (key) => fallback(shape, key),
    },
    reading,
  );
  return { ...read, fields };
}

function emptySection(): Section {
  return { values: {}, failed: new Set(), fields: new Map() };
}

/** v2.2 published to a public broker when no host was set: nobody's home is to be published by silence. */
function requireHost({ values, failed, fields }: Section, { problems }: Reading): void {
  const host = typeof values.host === "string" ? values.host.trim() : "";
  if (values.enabled !== true || host !== "") return;
  values.enabled = false;
  // a host that is there and wrong has been told already
  if (failed.has("host")) return;
  problems.add({
    ...fields.get("enabled")?.position,
    place: "mqtt.host",
    message:
      "mqtt.host must name the broker, such as localhost, because mqtt.enabled is true; nothing is published",
    severity: "error",
  });
}

/** Every heartbeat makes a check, so a media check cannot come more often. */
function keepMediaAboveHeartbeat(settings: Settings, { fields }: Section, { problems }: Reading): void {
  const { probe, heartbeat_seconds: heartbeat } = settings;
  if (probe.media_seconds === 0 || probe.media_seconds >= heartbeat) return;
  probe.media_seconds = heartbeat;
  const position = fields.get("media_seconds")?.position;
  if (!position) return;
  problems.add({
    ...position,
    place: "probe.media_seconds",
    message: `probe.media_seconds must be 0 or at least heartbeat_seconds; ${heartbeat} is used`,
    severity: "error",
  });
}

function fallback(shape: Shape, key: string): string {
  const value = shape[key]?.safeParse(undefined).data;
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isPlain ? `${value} is used` : "it is ignored";
}
