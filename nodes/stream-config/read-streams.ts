import { isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { streamSchema, type Stream } from "../../contracts/stream";
import type { Position } from "./problem";
import { readKeys, shownKey, type Reading, type Shape } from "./read-keys";
import type { SplitConfig, SplitEntry } from "./split-entries";
import { writtenMap } from "./written-values";
import { isEmpty, YamlFile, type Field } from "./yaml-file";

export const MOST_STREAMS = 20_000;
export const STREAM_SHAPE: Shape = streamSchema.shape;
/** Without these there is no stream; any other key can be left out alone. */
const REQUIRED = ["name", "url"] as const;
const UNCHANGED = "until then the list of streams stays as it is";

/** One entry of the list, right or wrong. */
export interface Entry {
  /** As it stands in the file; undefined when it is no map. */
  written?: Record<string, unknown>;
  /** What is in force of it. */
  stream?: Stream;
}

export interface StreamsRead {
  /** Undefined when there is no list at all, which is rather a slip than the wish to watch nothing. */
  streams?: Stream[];
  entries: Entry[];
}

/** An entry in which nothing is wrong, as it was read once. */
interface CleanEntry {
  written: Record<string, unknown>;
  stream: Stream;
  /** As problems show it. */
  shownName: string;
  nameAt: Position;
  /** Of its first line, when it was read. */
  line: number;
}

/** Entries that were read before, by their text: after a change only what is new in it has to be read. */
export class KnownEntries {
  private readonly last = new Map<string, CleanEntry>();

  get(text: string): CleanEntry | undefined {
    return this.last.get(text);
  }

  set(text: string, entry: CleanEntry): void {
    this.last.set(text, entry);
  }

  /** Forgets all but these. */
  keep(entries: readonly SplitEntry[]): void {
    if (this.last.size < entries.length * 2 + 100) return;
    const wanted = new Set(entries.map(({ text }) => text));
    for (const text of this.last.keys()) if (!wanted.has(text)) this.last.delete(text);
  }
}

/** `streams:` of config.yaml. A wrong entry is skipped alone, and so is a wrong key that an entry can do without. */
export function readStreams(field: Field | undefined, top: Position, reading: Reading): StreamsRead {
  if (!field) {
    const message = `streams is missing: add streams: [] when nothing is to be watched; ${UNCHANGED}`;
    tell(reading, top, "streams", message, "warning");
    return { entries: [] };
  }
  const list = field.value;
  if (isEmpty(list)) return { streams: [], entries: [] };
  if (!isSeq(list)) {
    const message = `streams must be a list, each entry beginning with "- name:"; ${UNCHANGED}`;
    tell(reading, field.position, "streams", message);
    return { entries: [] };
  }
  const reader = new StreamReader(reading);
  for (const item of list.items) reader.read(item, reading.yaml);
  return reader.result();
}

/** @returns undefined when not every entry can be read alone */
export function readSplitStreams(
  { entries }: SplitConfig,
  known: KnownEntries,
  reading: Omit<Reading, "yaml">,
): StreamsRead | undefined {
  const reader = new StreamReader(reading);
  for (const entry of entries) {
    if (!reader.readAlone(entry, known)) return undefined;
  }
  known.keep(entries);
  return reader.result();
}

class StreamReader {
  private readonly streams: Stream[] = [];
  private readonly entries: Entry[] = [];
  /** The line of each name. */
  private readonly lines = new Map<string, number>();
  private readonly unknown = new Set<string>();
  /** Where the first entry stands that is too much. */
  private surplus?: Position;

  constructor(private readonly reading: Omit<Reading, "yaml">) {}

  result(): StreamsRead {
    if (this.surplus) {
      const message = `streams holds ${this.entries.length} entries and at most ${MOST_STREAMS} are read: the further ones are skipped`;
      tell(this.reading, this.surplus, "streams", message);
    }
    return { streams: this.streams, entries: this.entries };
  }

  /** @returns false when it cannot be read without the rest of the file */
  readAlone({ text, line }: SplitEntry, known: KnownEntries): boolean {
    const clean = known.get(text);
    if (clean && this.entries.length < MOST_STREAMS) {
      const nameAt = { ...clean.nameAt, line: clean.nameAt.line - clean.line + line };
      this.accept({ ...clean, nameAt });
      return true;
    }
    const yaml = YamlFile.read(text, { lineOf: (own) => own + line - 1 });
    if (!(yaml instanceof YamlFile) || yaml.warnings.length > 0) return false;
    if (!isSeq(yaml.root) || yaml.root.items.length !== 1) return false;
    const read = this.read(yaml.root.items[0], yaml);
    if (read) known.set(text, { ...read, line });
    return true;
  }

  /** @returns the entry when nothing is wrong with it */
  read(item: unknown, yaml: YamlFile): Omit<CleanEntry, "line"> | undefined {
    const index = this.entries.length;
    const position = yaml.positionOf(item);
    if (index >= MOST_STREAMS) {
      this.surplus ??= position;
      this.entries.push({});
      return undefined;
    }
    const entry = yaml.resolve(item);
    if (!isMap(entry)) {
      const message = `streams[${index}] must be a map with name and url; the entry is skipped`;
      tell(this.reading, position, `streams[${index}]`, message);
      this.entries.push({});
      return undefined;
    }
    return this.readEntry(entry, position, yaml);
  }

  private readEntry(
    entry: YAMLMap,
    position: Position,
    yaml: YamlFile,
  ): Omit<CleanEntry, "line"> | undefined {
    const reading = { ...this.reading, yaml };
    const index = this.entries.length;
    const place = `streams[${index}].`;
    const keyFaults: { at: Position; key: string; message: string }[] = [];
    const fields = yaml.fields(entry, (at, key, message) => {
      keyFaults.push({ at, key: shownKey(key), message });
    });
    const written = writtenMap(yaml, fields, STREAM_SHAPE);
    const name = fields.get("name");
    const shownName = shownText(name?.value ?? null);
    const label = labelOf(index, shownName);
    for (const { at, key, message } of keyFaults) tell(reading, at, place + key, `${label}${key} ${message}`);
    const { values, failed } = readKeys(
      {
        fields,
        shape: STREAM_SHAPE,
        label,
        place,
        owner: "a stream",
        unknown: this.unknown,
        consequence: (key) => (isRequired(key) ? "the stream is skipped" : "it is ignored"),
      },
      reading,
    );
    for (const key of REQUIRED) {
      if (key in values || failed.has(key)) continue;
      const at = fields.get(key)?.position ?? position;
      tell(reading, at, place + key, `${label}${key} must not be empty; the stream is skipped`);
    }
    if (!REQUIRED.every((key) => key in values)) {
      this.entries.push({ written });
      return undefined;
    }
    const stream = streamSchema.parse(values);
    const read = { written, stream, shownName, nameAt: name?.position ?? position };
    this.accept(read);
    const isClean = keyFaults.length + failed.size === 0 && [...fields.keys()].every(isKnown);
    return isClean ? read : undefined;
  }

  /** Of two streams with the same name the first counts. */
  private accept({ written, stream, shownName, nameAt }: Omit<CleanEntry, "line">): void {
    const index = this.entries.length;
    const first = this.lines.get(stream.name);
    if (first === undefined) {
      this.lines.set(stream.name, nameAt.line);
      this.streams.push(stream);
      this.entries.push({ written, stream });
      return;
    }
    const message = `${labelOf(index, shownName)}name is taken already, on line ${first}: give each stream a name of its own; the stream is skipped`;
    tell(this.reading, nameAt, `streams[${index}].name`, message);
    this.entries.push({ written });
  }
}

/** `streams[3] "Gate": ` */
function labelOf(index: number, shownName: string): string {
  return shownName === "" ? `streams[${index}]: ` : `streams[${index}] ${shownName}: `;
}

/** The name as it is written, so that nothing of the environment is shown; empty when it cannot be shown. */
function shownText(name: Node | null): string {
  const text = isScalar(name) ? (name.type === "PLAIN" ? name.source : name.value) : undefined;
  // a URL that slipped into the name may hold a password
  const shown =
    typeof text === "string" && STREAM_SHAPE.name?.safeParse(text).success && !/:\/\/|:\S*@/.test(text);
  return shown ? JSON.stringify(text) : "";
}

function isKnown(key: string): boolean {
  return Object.hasOwn(STREAM_SHAPE, key);
}

function isRequired(key: string): boolean {
  return (REQUIRED as readonly string[]).includes(key);
}

function tell(
  { problems }: Pick<Reading, "problems">,
  position: Position,
  place: string,
  message: string,
  severity: "error" | "warning" = "error",
): void {
  problems.add({ ...position, place, message, severity });
}
