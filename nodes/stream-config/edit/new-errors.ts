import type { ParsedConfig } from "../parse-config";
import { withoutEntry, type Problem } from "../problem";
import type { ConfigChange } from "./config-change";
import type { FieldFault } from "./edit-fault";

/** What is wrong after a change and was not before it, by the fields of the request where that can be told. */
export function newErrors(before: ParsedConfig, after: ParsedConfig, change: ConfigChange): FieldFault[] {
  const old = new Set(errorsOf(before).map(withoutPlace));
  return errorsOf(after)
    .filter((problem) => !old.has(withoutPlace(problem)))
    .map((problem) => {
      const { field, message } = problem;
      return { field: fieldOf(field, before, change), message: bare(message, field) };
    });
}

interface ErrorFound {
  field: string;
  message: string;
}

function errorsOf({ problems }: ParsedConfig): ErrorFound[] {
  return problems
    .filter(({ severity }) => severity === "error")
    .map(({ place, message }: Problem) => ({ field: place, message }));
}

/** An entry that moves up in the list is no other one. */
function withoutPlace({ field, message }: ErrorFound): string {
  return `${field} ${message}`.replace(/streams\[\d+\]/g, "streams[]").replace(/on line \d+/g, "on line");
}

/** Without what names the field, and without what would become of it in a file. */
function bare(message: string, place: string): string {
  const key = place.replace(/^streams\[\d+\]\.?/, "");
  return withoutEntry(message).replace(`${key} `, "");
}

function fieldOf(place: string, { written }: ParsedConfig, { add }: ConfigChange): string {
  const match = /^streams\[(\d+)\](?:\.(.*))?$/.exec(place);
  if (!match) return place === "" ? "settings" : `settings.${place}`;
  const index = Number(match[1]) - written.entries.length;
  const key = match[2] ? `.${match[2]}` : "";
  return index >= 0 && index < add.length ? `streams.${index}${key}` : `stream${key}`;
}
