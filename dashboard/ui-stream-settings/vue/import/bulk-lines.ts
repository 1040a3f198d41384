import { nameableUrl } from "../../../../common/nameable-url";

/**
 * Lists of cameras as people paste them: a URL on each line, or `name,url`. What has a form of its own (M3U, a table
 * with a header, YAML, JSON) is left as it is.
 */

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;

/**
 * @returns the lines as a table that the import reads; undefined when the text is something else
 * @param nameOf finds a name for a URL that stands alone
 */
export function bulkTable(text: string, nameOf = nameFromUrl): string | undefined {
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("# "));
  const isAlone = (line: string) => SCHEME.test(line);
  const isPair = (line: string) => /^[^,;\t]+[,;\t]\s*"?[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(line);
  if (!lines.some(isAlone) || !lines.every((line) => isAlone(line) || isPair(line))) return undefined;
  const taken = new Map<string, number>();
  const rows = lines.map((line) => {
    if (!isAlone(line)) return pairOf(line);
    const name = nameOf(line);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return [count === 1 ? name : `${name} ${count}`, line];
  });
  return ["name,url", ...rows.map((row) => row.map(quoted).join(","))].join("\n");
}

/** `rtsp://admin:x@192.168.1.20:554/ch1/main?x=1` is called "192.168.1.20 ch1/main". No credentials. */
export function nameFromUrl(url: string): string {
  const { host, path } = nameableUrl(url);
  return [host, path].filter(Boolean).join(" ").slice(0, 120) || "stream";
}

function pairOf(line: string): string[] {
  const end = line.search(/[,;\t]/);
  const unquoted = (cell: string) => cell.trim().replace(/^"(.*)"$/, "$1");
  return [unquoted(line.slice(0, end)), unquoted(line.slice(end + 1))];
}

function quoted(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
