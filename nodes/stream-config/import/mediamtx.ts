import { entriesOf, isObject, textOf } from "./import-source";
import { importUrl, literal } from "./import-url";
import type { Imported, ImportedStream, Importer } from "./importer";

/** Sources that are no address. */
const NOT_FETCHED: Record<string, string> = {
  publisher: "is published to MediaMTX, so that there is no address to watch",
  redirect: "only redirects to another path",
  rpiCamera: "is a camera on MediaMTX's own machine",
};

/** mediamtx.yml: the `source` of each path, over the one of `pathDefaults`. */
export const mediamtx: Importer = {
  format: "mediamtx",
  recognises: ({ map }) => isObject(map?.paths),
  read(source) {
    const config = source.mapOrFault();
    const defaults = isObject(config.pathDefaults) ? config.pathDefaults : {};
    const imported: Imported = { streams: [], skipped: [] };
    for (const [name, value] of entriesOf(config.paths)) {
      const outcome = readPath(name, { ...defaults, ...(isObject(value) ? value : {}) });
      if ("reason" in outcome) imported.skipped.push({ name, reason: outcome.reason });
      else imported.streams.push({ name: literal(name), ...outcome });
    }
    return imported;
  },
};

function readPath(
  name: string,
  path: Record<string, unknown>,
): Omit<ImportedStream, "name"> | { reason: string } {
  if (name.startsWith("~") || name === "all" || name === "all_others") {
    return { reason: "stands for many paths, whose names are not known" };
  }
  const source = textOf(path.source) ?? "publisher";
  if (Object.hasOwn(NOT_FETCHED, source)) return { reason: NOT_FETCHED[source] ?? "" };
  const judged = importUrl(literal(source));
  const transport = textOf(path.rtspTransport ?? path.sourceProtocol);
  if ("reason" in judged || (transport !== "udp" && transport !== "tcp")) return judged;
  return { ...judged, more: { transport } };
}
