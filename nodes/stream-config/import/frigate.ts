import type { Environment } from "../environment";
import { go2rtcName, readGo2rtcStreams } from "./go2rtc";
import { entriesOf, isObject, textOf } from "./import-source";
import { importUrl, literal, referencesOf, unsetReason } from "./import-url";
import type { Imported, ImportedStream, Importer } from "./importer";

/** `{FRIGATE_RTSP_PASSWORD}`. */
const VARIABLE = /\{(FRIGATE_\w+)\}/g;

/** Frigate's config.yml: the inputs of each camera; those that Frigate takes from its go2rtc are followed to the camera. */
export const frigate: Importer = {
  format: "frigate",
  recognises: ({ map }) => isObject(map?.cameras),
  read(source, env) {
    const config = source.mapOrFault();
    const relayed = relayedStreams(config.go2rtc, env);
    const imported: Imported = { streams: [], skipped: [] };
    for (const [id, camera] of entriesOf(config.cameras)) {
      if (isObject(camera)) readCamera(id, camera, relayed, env, imported);
    }
    return imported;
  },
};

interface Relayed {
  found: Map<string, ImportedStream>;
  skipped: Map<string, string>;
}

function relayedStreams(go2rtc: unknown, env: Environment): Relayed {
  const streams = isObject(go2rtc) ? go2rtc.streams : undefined;
  const read = readGo2rtcStreams(inOurWay(streams), env);
  return {
    found: new Map(read.streams.map((stream) => [stream.name, stream])),
    skipped: new Map(read.skipped.map(({ name, reason }) => [name, reason])),
  };
}

/** Frigate puts its variables into go2rtc's configuration too. */
function inOurWay(value: unknown): unknown {
  if (typeof value === "string") return value.replace(/\$?\{(FRIGATE_\w+)\}/g, "${$1}");
  if (Array.isArray(value)) return value.map(inOurWay);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inOurWay(inner)]));
}

function readCamera(
  id: string,
  camera: Record<string, unknown>,
  relayed: Relayed,
  env: Environment,
  imported: Imported,
): void {
  const name = literal(textOf(camera.friendly_name) ?? id);
  const inputs = isObject(camera.ffmpeg) && Array.isArray(camera.ffmpeg.inputs) ? camera.ffmpeg.inputs : [];
  const seen = new Set<string>();
  for (const input of inputs as unknown[]) {
    const path = isObject(input) ? textOf(input.path) : undefined;
    if (!isObject(input) || path === undefined || seen.has(path)) continue;
    const roles = Array.isArray(input.roles) ? input.roles.map(String).join(", ") : "";
    const own = seen.size === 0 ? name : `${name} (${roles || seen.size + 1})`;
    seen.add(path);
    const found = readInput(path, relayed, env);
    if ("reason" in found) imported.skipped.push({ name: own, reason: found.reason });
    else {
      const more = { ...found.more, ...transportOf(input), ...enabledOf(camera) };
      imported.streams.push({ name: own, url: found.url, more });
    }
  }
  if (seen.size === 0) imported.skipped.push({ name, reason: "has no inputs" });
}

function readInput(path: string, relayed: Relayed, env: Environment): ImportedStream | { reason: string } {
  const relay = go2rtcName(path);
  if (relay !== undefined) {
    const reason = relayed.skipped.get(relay) ?? "is taken from a go2rtc stream that this file does not hold";
    return relayed.found.get(relay) ?? { reason };
  }
  const unset = new Set<string>();
  const expanded = referencesOf(literal(path), VARIABLE, env, unset);
  if (unset.size > 0) return { reason: unsetReason(unset) };
  const judged = importUrl(expanded);
  return "reason" in judged ? judged : { name: "", ...judged };
}

function transportOf(input: Record<string, unknown>): object {
  const words = [input.input_args].flat().join(" ");
  return /rtsp-udp|rtsp_transport udp/.test(words) ? { transport: "udp" } : {};
}

function enabledOf(camera: Record<string, unknown>): object {
  return camera.enabled === false ? { enabled: false } : {};
}
