import { isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { streamSchema, type Stream } from "../../contracts/stream";
import type { Position } from "./problem";
import { readKeys, shownKey, type Reading, type Shape } from "./read-keys";
import { isEmpty, type Field } from "./yaml-file";

export const MOST_STREAMS = 20_000;
const SHAPE: Shape = streamSchema.shape;
/** Without these there is no stream; any other key can be left out alone. */
const REQUIRED = ["name", "url"] as const;
const UNCHANGED = "until then the list of streams stays as it is";

/**
 * `streams:` of config.yaml. A wrong entry is skipped alone, and so is a wrong key that an entry can do without.
 * @returns undefined when there is no list at all, which is rather a slip than the wish to watch nothing
 */
export function readStreams(field: Field | undefined, top: Position, reading: Reading): Stream[] | undefined {
  if (!field) {
    const message = `streams is missing: add streams: [] when nothing is to be watched; ${UNCHANGED}`;
    tell(reading, top, "streams", message, "warning");
    return undefined;
  }
  const list = field.value;
  if (isEmpty(list)) return [];
  if (!isSeq(list)) {
    const message = `streams must be a list, each entry beginning with "- name:"; ${UNCHANGED}`;
    tell(reading, field.position, "streams", message);
    return undefined;
  }
  const reader = new StreamReader(reading);
  list.items.slice(0, MOST_STREAMS).forEach((item, index) => reader.read(item, index));
  if (list.items.length > MOST_STREAMS) {
    const position = reading.yaml.positionOf(list.items[MOST_STREAMS]);
    const message = `streams holds ${list.items.length} entries and at most ${MOST_STREAMS} are read: the further ones are skipped`;
    tell(reading, position, "streams", message);
  }
  return reader.streams;
}

class StreamReader {
  readonly streams: Stream[] = [];
  /** The line of each name. */
  private readonly lines = new Map<string, number>();
  private readonly unknown = new Set<string>();

  constructor(private readonly reading: Reading) {}

  read(item: unknown, index: number): void {
    const { yaml } = this.reading;
    const entry = yaml.resolve(item);
    if (!isMap(entry)) {
      const message = `streams[${index}] must be a map with name and url; the entry is skipped`;
      tell(this.reading, yaml.positionOf(item), `streams[${index}]`, message);
      return;
    }
    const stream = this.readEntry(entry, index, yaml.positionOf(item));
    if (stream) this.streams.push(stream);
  }

  private readEntry(entry: YAMLMap, index: number, position: Position): Stream | undefined {
    const place = `streams[${index}].`;
    const keyFaults: { at: Position; key: string; message: string }[] = [];
    const fields = this.reading.yaml.fields(entry, (at, key, message) => {
      keyFaults.push({ at, key: shownKey(key), message });
    });
    const name = fields.get("name");
    const label = `${shownStream(index, name?.value ?? null)}: `;
    for (const { at, key, message } of keyFaults)
      tell(this.reading, at, place + key, `${label}${key} ${message}`);
    const { values, failed } = readKeys(
      {
        fields,
        shape: SHAPE,
        label,
        place,
        owner: "a stream",
        unknown: this.unknown,
        consequence: (key) => (isRequired(key) ? "the stream is skipped" : "it is ignored"),
      },
      this.reading,
    );
    for (const key of REQUIRED) {
      if (key in values || failed.has(key)) continue;
      const at = fields.get(key)?.position ?? position;
      tell(this.reading, at, place + key, `${label}${key} must not be empty; the stream is skipped`);
    }
    if (!REQUIRED.every((key) => key in values)) return undefined;
    const stream = streamSchema.parse(values);
    return this.isFirst(stream.name, name?.position ?? position, label, place) ? stream : undefined;
  }

  private isFirst(name: string, position: Position, label: string, place: string): boolean {
    const first = this.lines.get(name);
    if (first === undefined) {
      this.lines.set(name, position.line);
      return true;
    }
    const message = `${label}name is taken already, on line ${first}: give each stream a name of its own; the stream is skipped`;
    tell(this.reading, position, `${place}name`, message);
    return false;
  }
}

/** `streams[3] "Gate"`, with the name as it is written, so that nothing of the environment is shown. */
function shownStream(index: number, name: Node | null): string {
  const text = isScalar(name) ? (name.type === "PLAIN" ? name.source : name.value) : undefined;
  // a URL that slipped into the name may hold a password
  const shown = typeof text === "string" && SHAPE.name?.safeParse(text).success && !/:\/\/|:\S*@/.test(text);
  return shown ? `streams[${index}] ${JSON.stringify(text)}` : `streams[${index}]`;
}

function isRequired(key: string): boolean {
  return (REQUIRED as readonly string[]).includes(key);
}

function tell(
  { problems }: Reading,
  position: Position,
  place: string,
  message: string,
  severity: "error" | "warning" = "error",
): void {
  problems.add({ ...position, place, message, severity });
}
