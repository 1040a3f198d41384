import { parseConfig } from "../parse-config";
import { withoutEntry } from "../problem";
import { ImportFault, type Imported, type Importer } from "./importer";

/** A config.yaml of StreamPulse, of v2.2 or of now: the streams, and the settings too. */
export const streampulse: Importer = {
  format: "streampulse",
  recognises: ({ map }) => Array.isArray(map?.streams) || (map !== undefined && "heartbeat_seconds" in map),
  read({ text }, env) {
    const parsed = parseConfig(text, env);
    if ("fatal" in parsed) {
      const { line, column, message } = parsed.fatal;
      const place = line === undefined ? "" : `line ${line}, column ${column ?? 1}: `;
      throw new ImportFault(`The file cannot be read: ${place}${message}.`);
    }
    const { entries, settings } = parsed.written;
    const imported: Imported = { streams: [], skipped: [], settings };
    for (const [index, { written, stream }] of entries.entries()) {
      if (stream && written) {
        const { name, url, ...more } = written;
        imported.streams.push({ name: String(name), url: String(url), more });
      } else {
        const name = typeof written?.name === "string" ? written.name : `streams[${index}]`;
        const problem = parsed.problems.find(({ place }) => place.startsWith(`streams[${index}]`));
        imported.skipped.push({ name, reason: problem ? withoutEntry(problem.message) : "cannot be used" });
      }
    }
    return imported;
  },
};
