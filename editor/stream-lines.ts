import { nameFault, textFault, urlFault, type FieldFault } from "../common/field-check";
import { keptUrl, MOST_FORM_STREAMS, type FormStream } from "../common/form-streams";
import { MaskedUrlError, unmaskUrl } from "../common/masked-url";
import { isSamePlace, placeOf } from "../common/secret-place";
import { MASKED_SECRET } from "../contracts/masked-secret";

/** The lines of a form's list of streams, without the form. */

const MOST_GROUP_CHARACTERS = 200;

/** What is wrong with a line. */
export interface LineFaults {
  name?: FieldFault;
  url?: FieldFault;
  group?: FieldFault;
}

/** A line as it stands in the form, and its URL as the flow held it when the form was opened. */
export type TypedLine = Pick<FormStream, "name" | "url" | "group"> & { before?: string };

/** @param others the names of the other lines */
export function lineFaults({ name, url, group, before }: TypedLine, others: readonly string[]): LineFaults {
  const faults = {
    name: nameFault(name.trim(), (typed) => others.includes(typed)),
    url: urlFault(url.trim()) ?? maskFault(url.trim(), before),
    group: textFault(group, MOST_GROUP_CHARACTERS),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== null));
}

/** A hidden password goes to the host that it is for, and nobody can tell which part of a typed one is hidden. */
function maskFault(typed: string, before: string | undefined): FieldFault | null {
  if (!typed.includes(MASKED_SECRET)) return null;
  const place = before?.includes(MASKED_SECRET) ? placeOf(before) : undefined;
  if (before !== undefined && place !== undefined && !isSamePlace(typed, before)) {
    return { text: "otherPlace", values: { place } };
  }
  const isWhole = unmasked(typed, before) !== undefined && keptUrl(typed).url === typed;
  return isWhole ? null : { text: "typePassword" };
}

/** @returns undefined when a mask stands for nothing, or for a secret of another address */
function unmasked(typed: string, known: string | undefined): string | undefined {
  try {
    return unmaskUrl(typed, known);
  } catch (error) {
    if (error instanceof MaskedUrlError) return undefined;
    throw error;
  }
}

/** A list as the flow holds it: the same limits, without what only an open form knows. */
export function firstFault(lines: unknown): { line: FormStream; fault: FieldFault } | undefined {
  const list = (Array.isArray(lines) ? lines : []) as FormStream[];
  for (const [index, line] of list.entries()) {
    const others = list.slice(0, index).map(({ name }) => name);
    const { name = "", url = "", group = "" } = line as Partial<FormStream>;
    const [fault] = Object.values(lineFaults({ name, url, group, before: url }, others)) as FieldFault[];
    if (fault) return { line, fault };
  }
  return undefined;
}

/** @returns undefined when all are taken */
export function freeSlot(taken: ReadonlySet<number>): number | undefined {
  for (let slot = 0; slot < MOST_FORM_STREAMS; slot++) if (!taken.has(slot)) return slot;
  return undefined;
}

/**
 * The URL with its secrets where this browser knows them, because they were typed since the last deploy.
 * @param known undefined when it does not
 */
export function urlToSend(typed: string, known: string | undefined): string {
  return unmasked(typed, known) ?? typed;
}
