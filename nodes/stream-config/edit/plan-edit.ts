import { MaskFault, maskSecrets, restoreSecrets } from "../../../common/masked-secrets";
import { MASKED_SECRET, type Edit } from "../../../contracts/edits";
import type { Environment } from "../environment";
import type { ParsedConfig, WrittenConfig } from "../parse-config";
import { MOST_STREAMS, STREAM_SHAPE, type Entry } from "../read-streams";
import { checkValues } from "./check-values";
import { emptyChange } from "./config-change";
import { differences, settled } from "./differences";
import { EditFault, type FieldFault } from "./edit-fault";
import type { EditOf, EditPlan } from "./edit-plan";
import { planService, planSettings } from "./plan-settings";

/**
 * Finds what an edit changes, and refuses what cannot be saved.
 * @throws EditFault
 */
export function planEdit(edit: Edit, before: ParsedConfig, env: Environment): EditPlan {
  switch (edit.action) {
    case "add-streams":
      return planAdd(edit, before, env);
    case "change-stream":
      return planChange(edit, before, env);
    case "delete-streams":
      return planDelete(edit, before);
    case "change-settings":
      return planSettings(edit, before, env);
    case "service":
      return planService(edit, before);
  }
}

function planAdd({ streams }: EditOf<"add-streams">, { written }: ParsedConfig, env: Environment): EditPlan {
  const add: Record<string, unknown>[] = [];
  const faults: FieldFault[] = [];
  const taken = takenNames(written);
  const originals = new Originals(written);
  for (const [index, wanted] of streams.entries()) {
    const field = `streams.${index}`;
    const { copy_of: original, ...rest } = wanted;
    const known = originals.of(rest.url, original);
    const checked = checkEntry(rest, known ?? {}, {}, field, env);
    faults.push(...checked.faults);
    const entry = settled(checked.values);
    faults.push(...checkRequired(entry, checked.faults, field), ...checkName(entry.name, taken, field));
    add.push(entry);
  }
  if (written.entries.length + add.length > MOST_STREAMS) {
    faults.push({ field: "streams", message: `would make more than ${MOST_STREAMS} streams` });
  }
  if (faults.length > 0) throw EditFault.ofFields(faults);
  return {
    change: { ...emptyChange(), add },
    status: 201,
    answer: () => ({ added: add.map(({ name }) => name) }),
  };
}

function planChange(
  { name, stream: wanted }: EditOf<"change-stream">,
  { written }: ParsedConfig,
  env: Environment,
): EditPlan {
  const index = indexOf(written, name);
  const before = written.entries[index]?.written;
  if (!before) throw notFound(name);
  const { values, faults } = checkEntry(wanted, before, before, "stream", env);
  const set = differences(values, before);
  if (typeof set.name === "string") faults.push(...checkName(set.name, takenNames(written, index), "stream"));
  if (faults.length > 0) throw EditFault.ofFields(faults);
  const change = Object.keys(set).length > 0 ? [{ index, set }] : [];
  return {
    change: { ...emptyChange(), change },
    status: 200,
    renamed: "name" in set ? [index] : [],
    answer: (after) => ({ stream: maskSecrets(after.written.entries[index]?.written) }),
  };
}

function planDelete(
  { names, keep_history: keep }: EditOf<"delete-streams">,
  { written }: ParsedConfig,
): EditPlan {
  const places = placesByName(written);
  const unknown = names.findIndex((name) => !places.has(name));
  if (unknown >= 0) throw notFound(names[unknown] ?? "", `names.${unknown}`);
  const remove = [...new Set(names.map((name) => places.get(name) ?? -1))].sort((a, b) => a - b);
  return {
    change: { ...emptyChange(), remove },
    status: 200,
    forget: keep ? [] : remove.flatMap((index) => written.entries[index]?.stream?.name ?? []),
    answer: () => ({ deleted: names }),
  };
}

/** @param known what masked secrets stand for */
export function checkEntry(
  wanted: Record<string, unknown>,
  known: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
  field: string,
  env: Environment,
): { values: Record<string, unknown>; faults: FieldFault[] } {
  try {
    const whole = restoreSecrets(wanted, known) as Record<string, unknown>;
    return checkValues(whole, { shape: STREAM_SHAPE, owner: "a stream", before }, field, env);
  } catch (error) {
    if (!(error instanceof MaskFault)) throw error;
    const { name, url } = wanted;
    return {
      values: { name, url },
      faults: [{ field: [field, ...error.path].join("."), message: error.message }],
    };
  }
}

function checkRequired(
  entry: Record<string, unknown>,
  faults: readonly FieldFault[],
  field: string,
): FieldFault[] {
  return ["name", "url"]
    .filter(
      (key) => typeof entry[key] !== "string" && !faults.some((fault) => fault.field === `${field}.${key}`),
    )
    .map((key) => ({ field: `${field}.${key}`, message: "must not be empty" }));
}

/** Two streams cannot share a name: it takes the name when it is free. */
function checkName(name: unknown, taken: Set<string>, field: string): FieldFault[] {
  if (typeof name !== "string") return [];
  if (taken.has(name)) return [{ field: `${field}.name`, message: "is the name of another stream" }];
  taken.add(name);
  return [];
}

/** Names in force, and as they are written where that is another text (`${NAME}`). */
export function takenNames({ entries }: WrittenConfig, but?: number): Set<string> {
  return new Set(
    entries.flatMap(({ written, stream }, index) =>
      index === but ? [] : [stream?.name, written?.name].filter((name) => typeof name === "string"),
    ),
  );
}

/** The first entry of each name, and what is in force before what is not. */
export function placesByName({ entries }: WrittenConfig): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, { stream }] of entries.entries()) if (stream) places.set(stream.name, index);
  for (const [index, { written }] of entries.entries()) {
    const name = written?.name;
    if (typeof name === "string" && !places.has(name)) places.set(name, index);
  }
  return places;
}

export function indexOf(written: WrittenConfig, name: string): number {
  return placesByName(written).get(name) ?? -1;
}

/** Whose secrets the masks of a copy stand for: of the stream it says, or of one with the same masked URL. */
class Originals {
  private readonly places: Map<string, number>;
  private byUrl?: Map<unknown, Entry>;

  constructor(private readonly written: WrittenConfig) {
    this.places = placesByName(written);
  }

  of(url: unknown, name: unknown): Entry["written"] {
    const { entries } = this.written;
    if (typeof name === "string") return entries[this.places.get(name) ?? -1]?.written;
    if (typeof url !== "string" || !url.includes(MASKED_SECRET)) return undefined;
    this.byUrl ??= new Map(entries.map((entry) => [maskSecrets(entry.written?.url, "url"), entry]));
    return this.byUrl.get(url)?.written;
  }
}

function notFound(name: string, field = "name"): EditFault {
  const message = `No stream is named ${JSON.stringify(name.slice(0, 200))}.`;
  return new EditFault(404, "stream_not_found", message, [{ field, message: "is the name of no stream" }]);
}
