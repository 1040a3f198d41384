import type { ImportFormat } from "../../../contracts/edits";
import type { Environment } from "../environment";
import { csv } from "./csv";
import { frigate } from "./frigate";
import { go2rtc } from "./go2rtc";
import { ImportSource } from "./import-source";
import { ImportFault, type Imported, type Importer } from "./importer";
import { m3u } from "./m3u";
import { mediamtx } from "./mediamtx";
import { streampulse } from "./streampulse";
import { uptimeKuma } from "./uptime-kuma";

/** In the order in which a text is tried: what can be told by a line first, since nearly every text is YAML too. */
const IMPORTERS = {
  csv,
  m3u,
  "uptime-kuma": uptimeKuma,
  frigate,
  mediamtx,
  streampulse,
  go2rtc,
} satisfies Record<ImportFormat, Importer>;

/**
 * Reads the configuration of another system. Takes its time: for a thread that can be ended.
 * @param format undefined: recognised by what the text holds
 * @throws ImportFault
 */
export function readImport(
  text: string,
  format: ImportFormat | undefined,
  env: Environment,
): Imported & { format: ImportFormat } {
  const source = new ImportSource(text);
  const importer = format === undefined ? recognise(source) : IMPORTERS[format];
  return { ...importer.read(source, env), format: importer.format };
}

function recognise(source: ImportSource): Importer {
  const found = Object.values(IMPORTERS).find((importer) => importer.recognises(source));
  if (found) return found;
  // the reason why it is no YAML is worth more than that nothing was recognised
  if (source.map === undefined && /^\s*[\w"'-]+\s*:/m.test(source.firstLine)) source.mapOrFault();
  throw new ImportFault(
    "This is no list of streams that is known: a config.yaml, go2rtc, Frigate, MediaMTX, a backup of Uptime Kuma, M3U, or CSV with the columns name and url.",
  );
}
