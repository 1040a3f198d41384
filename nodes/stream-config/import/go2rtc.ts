import type { Environment } from "../environment";
import { entriesOf, isObject } from "./import-source";
import { cutOptions, importUrl, literal, referencesOf, unsetReason } from "./import-url";
import type { Imported, ImportedStream, Importer } from "./importer";

/** `${NAME}` and `${NAME:default}`. */
const VARIABLE = /\$\{(\w+)(?::([^}]*))?\}/g;
/** go2rtc itself, as others on the same machine reach it. */
const OWN_ADDRESS = /^rtsp:\/\/(?:[^@/]*@)?(?:127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0):8554\/([^/?#]+)/i;

/** go2rtc.yaml: `streams.<name>` is a source, a list of sources of which one is enough, or a map with a URL. */
export const go2rtc: Importer = {
  format: "go2rtc",
  recognises: ({ map }) => isObject(map?.streams),
  read(source, env) {
    return readGo2rtcStreams(source.mapOrFault().streams, env);
  },
};

/** The name of the go2rtc stream that a URL leads to. */
export function go2rtcName(url: string): string | undefined {
  const name = OWN_ADDRESS.exec(url)?.[1];
  if (name === undefined) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function readGo2rtcStreams(streams: unknown, env: Environment): Imported {
  const imported: Imported = { streams: [], skipped: [] };
  const names = new Set(entriesOf(streams).map(([name]) => name));
  for (const [name, value] of entriesOf(streams)) {
    const outcomes = sourcesOf(value).map((source) => readSource(source, names, env));
    const found = outcomes.find((outcome) => "url" in outcome);
    if (found && "url" in found) imported.streams.push({ name: literal(name), ...found });
    else {
      const [first] = outcomes;
      imported.skipped.push({ name, reason: first && "reason" in first ? first.reason : "has no source" });
    }
  }
  return imported;
}

function sourcesOf(value: unknown): string[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  return list
    .map((entry) => (isObject(entry) ? entry.url : entry))
    .filter((entry): entry is string => typeof entry === "string" && entry.trim() !== "")
    .map((entry) => entry.trim());
}

function readSource(
  source: string,
  names: ReadonlySet<string>,
  env: Environment,
): Omit<ImportedStream, "name"> | { reason: string } {
  const unset = new Set<string>();
  const expanded = referencesOf(source.replace(/^ffmpeg:/, ""), VARIABLE, env, unset);
  if (unset.size > 0) return { reason: unsetReason(unset) };
  const { url, options } = cutOptions(expanded);
  if (names.has(url.split(/[#?]/, 1)[0] ?? "") || go2rtcName(url) !== undefined) {
    return { reason: "is taken from go2rtc itself" };
  }
  // a recorder of UniFi whose certificate is not verified, which is our default
  const judged = importUrl(url.replace(/^rtspx:/, "rtsps:"));
  if ("reason" in judged) return judged;
  return options.get("transport") === "udp" ? { ...judged, more: { transport: "udp" } } : judged;
}
