/** One stream of config.yaml as the table shows it. */
export interface Entry {
  /** Its place in the file: names may be missing or doubled in a file that somebody has written. */
  place: number;
  name: string;
  url: string;
  /** The URL without user and password, where there is little room. */
  shortUrl: string;
  group: string;
  tags: string[];
  enabled: boolean;
  /** What it does otherwise than the settings say: keys of contracts/stream.ts. */
  own: string[];
  /** As it stands in the file, secrets masked. */
  written: Record<string, unknown>;
}

const COMMON = new Set(["name", "url", "group", "tags", "enabled"]);

export function entriesOf(streams: readonly Record<string, unknown>[]): Entry[] {
  return streams.map((written, place) => {
    const { name, url, group, tags, enabled } = written;
    return {
      place,
      name: textOf(name),
      url: textOf(url),
      shortUrl: textOf(url).replace(/:\/\/[^/?#]*@/, "://"),
      group: textOf(group),
      tags: Array.isArray(tags) ? tags.map(textOf) : [],
      enabled: enabled !== false,
      own: Object.keys(written).filter((key) => !COMMON.has(key)),
      written,
    };
  });
}

/** Those that hold every word, in the order of the file. */
export function search(entries: readonly Entry[], words: string): readonly Entry[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return entries;
  return entries.filter(({ name, url, group, tags }) => {
    const text = [name, url, group, ...tags].join("\n").toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** "Gate copy", "Gate copy 2" … that nobody has yet. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name} ${number}`;
    if (!taken.has(free)) return free;
  }
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
