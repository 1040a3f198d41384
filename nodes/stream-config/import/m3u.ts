import { nameableUrl } from "../../../common/nameable-url";
import { importUrl, literal } from "./import-url";
import { ImportFault, type Imported, type Importer } from "./importer";

const MOST_LINES = 200_000;

interface Announced {
  name?: string;
  group?: string;
}

/** A playlist: `#EXTINF:…,<name>`, then the address; or addresses alone, one a line. */
export const m3u: Importer = {
  format: "m3u",
  recognises: ({ text, firstLine }) =>
    /^\s*#EXTM3U/.test(text) ||
    /^#EXTINF:/m.test(text) ||
    /^[A-Za-z][\w+.-]*:\/\/[^\s,;]+\s*$/.test(firstLine),
  read({ text }) {
    if (/^#EXT-X-(?:TARGETDURATION|STREAM-INF)/m.test(text)) {
      throw new ImportFault(
        "This is the playlist of one HLS stream and not a list of streams: add the address that it came from.",
      );
    }
    const lines = text.split(/\r?\n/, MOST_LINES + 1);
    if (lines.length > MOST_LINES) throw new ImportFault(`The list has more than ${MOST_LINES} lines.`);
    const imported: Imported = { streams: [], skipped: [] };
    let announced: Announced = {};
    for (const line of lines.map((one) => one.trim())) {
      if (line.startsWith("#")) announced = { ...announced, ...announcement(line) };
      else if (line !== "") {
        addLine(line, announced, imported);
        announced = {};
      }
    }
    return imported;
  },
};

function announcement(line: string): Announced {
  const group = /^#EXTGRP:\s*(.+)$/.exec(line)?.[1] ?? /group-title="([^"]+)"/.exec(line)?.[1];
  if (!line.startsWith("#EXTINF:")) return group === undefined ? {} : { group };
  // a comma inside of quotes belongs to an attribute
  const title = line.replace(/"[^"]*"/g, (quoted) => "x".repeat(quoted.length)).indexOf(",");
  const name = (title < 0 ? "" : line.slice(title + 1).trim()) || /tvg-name="([^"]+)"/.exec(line)?.[1];
  return { ...(name ? { name } : {}), ...(group === undefined ? {} : { group }) };
}

function addLine(line: string, { name, group }: Announced, imported: Imported): void {
  // players take headers behind a bar
  const address = line.replace(/\|.*$/, "");
  const judged = importUrl(literal(address));
  const own = name ?? nameOf(address);
  if ("reason" in judged) imported.skipped.push({ name: own, reason: judged.reason });
  else imported.streams.push({ name: literal(own), ...judged, more: group ? { group: literal(group) } : {} });
}

/** Host and path, without anything that may be a secret. */
function nameOf(address: string): string {
  const { host, port, path } = nameableUrl(address);
  return [host + port, path].filter(Boolean).join("/").slice(0, 150) || "stream";
}
