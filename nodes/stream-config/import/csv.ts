import { importUrl } from "./import-url";
import { ImportFault, type Imported, type Importer } from "./importer";

/** The columns, in the order in which they are written and in which a text without a header has them. */
export const CSV_COLUMNS = [
  ...(["name", "url", "group", "tags", "heartbeat_seconds", "enabled"] as const),
  ...(["level", "timeout_ms", "confirm_failures", "picture_minutes", "transport", "tls_verify"] as const),
];
const NUMBERS = new Set<string>(["heartbeat_seconds", "timeout_ms", "confirm_failures", "picture_minutes"]);
const FLAGS = new Set<string>(["enabled", "tls_verify"]);
const MOST_ROWS = 20_001;

/** A table with a header that names at least `name` and `url`; the list of streams is written so too. */
export const csv: Importer = {
  format: "csv",
  recognises: ({ text, firstLine }) => {
    if (/^\s*#EXTM3U/.test(text)) return false;
    const cells = rowOf(firstLine);
    return isHeader(cells) || /^[A-Za-z][\w+.-]*:\/\//.test(cells[1] ?? "");
  },
  read({ text }) {
    const [first = [], ...rest] = readTable(text);
    const header = first.map((cell) => cell.trim().toLowerCase());
    if (isHeader(header)) return readRows(rest, header);
    return readRows([first, ...rest], CSV_COLUMNS);
  },
};

function isHeader(cells: readonly string[]): boolean {
  const words = cells.map((cell) => cell.toLowerCase());
  return words.includes("url") && words.includes("name");
}

function readRows(rows: readonly string[][], columns: readonly string[]): Imported {
  const imported: Imported = { streams: [], skipped: [] };
  for (const [index, row] of rows.entries()) {
    const cells = Object.fromEntries(columns.map((column, place) => [column, plainCell(row[place] ?? "")]));
    const name = cells.name || `row ${index + 1}`;
    if (!cells.url) imported.skipped.push({ name, reason: "has no url" });
    else {
      const judged = importUrl(cells.url);
      if ("reason" in judged) imported.skipped.push({ name, reason: judged.reason });
      else imported.streams.push({ name, ...judged, more: settingsOf(cells) });
    }
  }
  return imported;
}

function settingsOf(cells: Record<string, string>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const key of CSV_COLUMNS.slice(2)) {
    const cell = cells[key];
    if (!cell) continue;
    if (key === "tags") settings.tags = readTags(cell);
    else if (FLAGS.has(key)) settings[key] = readFlag(cell);
    else settings[key] = NUMBERS.has(key) && !Number.isNaN(Number(cell)) ? Number(cell) : cell;
  }
  return settings;
}

function readTags(cell: string): unknown {
  if (cell.startsWith("[")) {
    try {
      return JSON.parse(cell) as unknown;
    } catch {
      // it is text that begins with a bracket
    }
  }
  return cell
    .split(/[;,|]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== "");
}

function readFlag(cell: string): unknown {
  if (/^(true|yes|on|1)$/i.test(cell)) return true;
  return /^(false|no|off|0)$/i.test(cell) ? false : cell;
}

/** A table program would take these for a formula: they are written with an apostrophe in front. */
function plainCell(cell: string): string {
  return cell.trim().replace(/^'(?=[=+\-@\t\r])/, "");
}

/** The list of streams as a table. */
export function writeCsv(streams: readonly Readonly<Record<string, unknown>>[]): string {
  const rows = streams.map((stream) => CSV_COLUMNS.map((column) => cellOf(stream[column])).join(","));
  return [CSV_COLUMNS.join(","), ...rows, ""].join("\r\n");
}

function cellOf(value: unknown): string {
  const text = Array.isArray(value) ? tagsText(value) : plainText(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function tagsText(tags: readonly unknown[]): string {
  const words = tags.map(plainText);
  return words.some((word) => /[;,|]|^\[/.test(word)) ? JSON.stringify(words) : words.join(";");
}

function plainText(value: unknown): string {
  return typeof value === "string"
    ? value
    : value === undefined || value === null
      ? ""
      : JSON.stringify(value);
}

function delimiterOf(line: string): string {
  const counts = [",", ";", "\t"].map((sign) => [sign, line.split(sign).length] as const);
  return counts.sort((a, b) => b[1] - a[1])[0]?.[0] ?? ",";
}

/** Nothing when the line is none of a table. */
function rowOf(line: string): string[] {
  try {
    return [...cellsOf(line, delimiterOf(line))][0]?.map((cell) => cell.trim()) ?? [];
  } catch (error) {
    if (!(error instanceof ImportFault)) throw error;
    return [];
  }
}

function readTable(text: string): string[][] {
  const rows: string[][] = [];
  const firstLine = /^.*$/m.exec(text.trimStart())?.[0] ?? "";
  for (const row of cellsOf(text, delimiterOf(firstLine))) {
    if (row.every((cell) => cell.trim() === "")) continue;
    rows.push(row);
    if (rows.length > MOST_ROWS) throw new ImportFault(`The table has more than ${MOST_ROWS - 1} rows.`);
  }
  return rows;
}

/** RFC 4180, with any delimiter and any line end. */
function* cellsOf(text: string, delimiter: string): Generator<string[]> {
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"${delimiter}\\r\\n][^${delimiter}\\r\\n]*|))(${delimiter}|\\r?\\n|\\r|$)`,
    "y",
  );
  let row: string[] = [];
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) {
      const line = text.slice(0, at).split(/\r?\n/).length;
      throw new ImportFault(
        `The table cannot be read in line ${line}: a quote is not closed, or stands inside of a cell.`,
      );
    }
    row.push(match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'));
    if (match[3] === delimiter) {
      if (cell.lastIndex >= text.length) row.push("");
      continue;
    }
    yield row;
    row = [];
  }
  if (row.length > 0) yield row;
}
