import { maskSecrets } from "../../../common/masked-secrets";
import type { ImportAnswer, ImportFormat } from "../../../contracts/edits";
import type { Environment } from "../environment";
import type { Imported, ImportedStream, Skipped } from "../import/importer";
import type { ParsedConfig, WrittenConfig } from "../parse-config";
import { NESTED_SETTINGS, SETTINGS_SHAPE } from "../read-settings";
import { MOST_STREAMS } from "../read-streams";
import { emptyChange, type ConfigChange } from "./config-change";
import { EditFault } from "./edit-fault";
import { differences, settled } from "./differences";
import { checkEntry, placesByName, takenNames } from "./plan-edit";
import { checkSettings } from "./plan-settings";

export interface ImportOptions {
  /** Only the streams of these names. */
  names?: readonly string[];
  /** Whether the settings come along. */
  settings: boolean;
}

export interface ImportPlan {
  change: ConfigChange;
  /** What the answer says, but for the revision and whether it was done. */
  answer: Omit<ImportAnswer, "revision" | "applied">;
}

const MOST_NAME_CHARACTERS = 200;

/**
 * What an import makes of a file: streams that come new, that get another URL, and that are here already.
 * @throws EditFault when there would be too many streams, or when settings cannot come along
 */
export function planImport(
  imported: Imported & { format: ImportFormat },
  before: ParsedConfig,
  options: ImportOptions,
  env: Environment,
): ImportPlan {
  const { written } = before;
  const merge = new Merge(written, options.names && new Set(options.names), env);
  for (const stream of imported.streams) merge.take(stream);
  const { settings, skipped } = options.settings
    ? settingsOf(imported.settings ?? {}, written, env)
    : { settings: {}, skipped: [] };
  const { add, change, changed } = merge;
  if (written.entries.length + add.length > MOST_STREAMS) {
    throw new EditFault(400, "too_many", `There would be more than ${MOST_STREAMS} streams.`);
  }
  return {
    change: { ...emptyChange(), add, change, settings },
    answer: {
      format: imported.format,
      added: maskSecrets(add) as ImportAnswer["added"],
      changed: maskSecrets(changed) as ImportAnswer["changed"],
      skipped: [...imported.skipped, ...merge.skipped, ...skipped].map(({ name, reason }) => ({
        name: maskSecrets(name) as string,
        reason,
      })),
      settings: maskSecrets(settings) as Record<string, unknown>,
    },
  };
}

class Merge {
  readonly add: Record<string, unknown>[] = [];
  readonly change: ConfigChange["change"] = [];
  readonly changed: ImportAnswer["changed"] = [];
  readonly skipped: Skipped[] = [];
  private readonly places: Map<string, number>;
  private readonly taken: Set<string>;
  /** The name of the stream that has this URL, here or in the import. */
  private readonly urls = new Map<unknown, string>();
  /** How many streams of one name have come. */
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly written: WrittenConfig,
    private readonly wanted: ReadonlySet<string> | undefined,
    private readonly env: Environment,
  ) {
    this.places = placesByName(written);
    this.taken = takenNames(written);
    for (const { written: entry, stream } of written.entries) {
      const name = stream?.name ?? String(entry?.name);
      for (const url of [stream?.url, entry?.url]) {
        if (!this.urls.has(url)) this.urls.set(url, name);
      }
    }
  }

  take({ name: theirs, url, more }: ImportedStream): void {
    const name = usableName(theirs);
    const index = this.places.get(name) ?? -1;
    const here = this.written.entries[index]?.written;
    const { values, faults } = checkEntry({ name, url, ...more }, here ?? {}, here ?? {}, "", this.env);
    const fatal = faults.find(({ field }) => field === ".name" || field === ".url");
    if (fatal) return this.skip(name, `${fatal.field.slice(1)} ${fatal.message}`);
    // a key that an entry can do without is left out alone
    for (const { field, message } of faults)
      this.skip(name, `comes without ${field.slice(1)}, which ${message}`);
    if (here) this.compare(name, index, values, here);
    else this.takeNew(name, values);
  }

  private compare(
    name: string,
    index: number,
    values: Record<string, unknown>,
    here: Record<string, unknown>,
  ): void {
    const { name: _, ...set } = differences(settled(values), here);
    if (this.change.some((other) => other.index === index)) return this.skip(name, "comes twice");
    if (Object.keys(set).length === 0) return this.skip(name, "is here already");
    const other = this.urls.get(set.url);
    if (other !== undefined && other !== name) return this.skip(name, sameUrl(other));
    if (!this.isWanted(name)) return;
    this.change.push({ index, set });
    this.changed.push({ name, set });
  }

  private takeNew(name: string, values: Record<string, unknown>): void {
    const other = this.urls.get(values.url);
    if (other !== undefined) return this.skip(name, sameUrl(other));
    const own = this.freeName(name);
    this.urls.set(values.url, own);
    this.taken.add(own);
    if (this.isWanted(own)) this.add.push(settled({ ...values, name: own }));
  }

  /** Two cameras may share a name elsewhere. */
  private freeName(name: string): string {
    let free = name;
    let count = this.counts.get(name) ?? 1;
    while (this.taken.has(free)) {
      count++;
      free = `${[...name].slice(0, MOST_NAME_CHARACTERS - 8).join("")} (${count})`;
    }
    this.counts.set(name, count);
    return free;
  }

  private isWanted(name: string): boolean {
    return this.wanted?.has(name) ?? true;
  }

  private skip(name: string, reason: string): void {
    this.skipped.push({ name, reason });
  }
}

function sameUrl(other: string): string {
  return `has the same URL as ${JSON.stringify(other)}`;
}

function usableName(name: string): string {
  const visible = name.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return [...visible].slice(0, MOST_NAME_CHARACTERS).join("") || "stream";
}

/**
 * What would be another value. Services and keys that are not known stay as they are here; a value that cannot be is
 * left out alone.
 * @throws EditFault when the password of the broker here would go to theirs
 */
function settingsOf(
  theirs: Record<string, unknown>,
  written: WrittenConfig,
  env: Environment,
): { settings: Record<string, unknown>; skipped: Skipped[] } {
  const known = Object.entries(theirs).filter(
    ([key]) =>
      key !== "services" && (Object.hasOwn(SETTINGS_SHAPE, key) || Object.hasOwn(NESTED_SETTINGS, key)),
  );
  const { values, faults } = checkSettings(Object.fromEntries(known), written, "settings", env);
  const fatal = faults.filter(({ field }) => field === "settings.mqtt.password");
  if (fatal.length > 0) throw EditFault.ofFields(fatal);
  const settings = withMediaAboveHeartbeat(differences(values, written.settings), written.settings);
  return { settings, skipped: faults.map(({ field, message }) => ({ name: field, reason: message })) };
}

/** Elsewhere there was no such rule, and their heartbeat is to come in all the same. */
function withMediaAboveHeartbeat(
  settings: Record<string, unknown>,
  here: Record<string, unknown>,
): Record<string, unknown> {
  const { heartbeat_seconds: heartbeat, probe } = settings;
  const { media_seconds: seconds } = { ...(here.probe as object), ...(probe as object) } as {
    media_seconds?: unknown;
  };
  if (typeof heartbeat !== "number" || typeof seconds !== "number") return settings;
  if (seconds === 0 || seconds >= heartbeat) return settings;
  return { ...settings, probe: { ...(probe as object), media_seconds: heartbeat } };
}
