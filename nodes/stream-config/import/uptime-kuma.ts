import { isObject, textOf } from "./import-source";
import { importUrl, literal } from "./import-url";
import type { Imported, ImportedStream, Importer } from "./importer";

type Monitor = Record<string, unknown>;

/** Types whose `url` is an address that is watched. */
const WITH_URL = new Set(["http", "keyword", "json-query", "real-browser", "rtsp"]);

/** A backup of Uptime Kuma: every monitor that has a URL. */
export const uptimeKuma: Importer = {
  format: "uptime-kuma",
  recognises: ({ map }) => monitorsOf(map) !== undefined,
  read(source) {
    const monitors = monitorsOf(source.mapOrFault()) ?? [];
    const groups = new Map(
      monitors.filter(({ type }) => type === "group").map(({ id, name }) => [id, textOf(name)]),
    );
    const imported: Imported = { streams: [], skipped: [] };
    for (const monitor of monitors) {
      // a group comes in as the group of its monitors
      if (monitor.type === "group") continue;
      const name = textOf(monitor.name) ?? "";
      const outcome = readMonitor(name, monitor, groups);
      if ("reason" in outcome) imported.skipped.push({ name, reason: outcome.reason });
      else imported.streams.push(outcome);
    }
    return imported;
  },
};

function monitorsOf(map: Record<string, unknown> | undefined): Monitor[] | undefined {
  const list = map?.monitorList;
  // older backups are a list, the API gives a map by id
  const values = Array.isArray(list) ? (list as unknown[]) : isObject(list) ? Object.values(list) : undefined;
  return values?.filter(isObject);
}

function readMonitor(
  name: string,
  monitor: Monitor,
  groups: ReadonlyMap<unknown, string | undefined>,
): ImportedStream | { reason: string } {
  const type = textOf(monitor.type) ?? "";
  const url = textOf(monitor.url);
  if (!WITH_URL.has(type) || url === undefined) {
    return { reason: `is a monitor of the type ${type.slice(0, 40) || "(none)"}, which is not watched` };
  }
  const judged = importUrl(literal(withUser(url, monitor)));
  if ("reason" in judged) return judged;
  const group = groups.get(monitor.parent);
  const tags = tagsOf(monitor.tags);
  const interval = Number(monitor.interval);
  const more = {
    ...(group === undefined ? {} : { group: literal(group) }),
    ...(tags.length === 0 ? {} : { tags }),
    ...(interval >= 2 ? { heartbeat_seconds: Math.min(interval, 3600) } : {}),
    ...(monitor.active === false || monitor.active === 0 ? { enabled: false } : {}),
  };
  return { name: literal(name), ...judged, more };
}

function withUser(url: string, monitor: Monitor): string {
  const user = textOf(monitor.basic_auth_user);
  const method = monitor.authMethod ?? "basic";
  if (user === undefined || method !== "basic" || url.includes("@")) return url;
  const password = textOf(monitor.basic_auth_pass) ?? "";
  return url.replace("://", `://${encodeURIComponent(user)}:${encodeURIComponent(password)}@`);
}

function tagsOf(tags: unknown): string[] {
  if (!Array.isArray(tags)) return [];
  const words = (tags as unknown[]).filter(isObject).map(({ name, value }) => {
    const [word, more] = [textOf(name), textOf(value)];
    return word === undefined ? "" : more === undefined ? word : `${word}: ${more}`;
  });
  return [...new Set(words.filter((word) => word !== "").map((word) => literal(word.slice(0, 90))))].slice(
    0,
    50,
  );
}
