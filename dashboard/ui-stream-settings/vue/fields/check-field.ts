import {
  asSentence,
  nameFault,
  numberFault,
  urlFault,
  type FieldFault,
} from "../../../../common/field-check";
import { language, ownText, t } from "../../../shared/i18n";
import type { FieldRules } from "../../settings-protocol";
import type { Field, FieldValue } from "./field";

/** The server knows the environment, we do not. */
const REFERENCE = /\$\{/;

/**
 * Looks at what somebody types by the rules of the schemas; the server has the last word.
 * @param taken whether a name is another stream's
 * @returns what is wrong, as a sentence; null when nothing is
 */
export function checkField(
  field: Field,
  value: FieldValue,
  rules: FieldRules,
  taken: (name: string) => boolean = () => false,
): string | null {
  if (typeof value === "boolean") return null;
  const text = value.trim();
  if (field.kind === "name") return sentenceOf(nameFault(text, taken));
  if (field.kind === "url") return sentenceOf(urlFault(text));
  if (text === "" || REFERENCE.test(text)) return null;
  if (field.kind === "number") return sentenceOf(numberFault(text, rules.numbers[field.path]));
  if (field.kind === "timezone") return isTimezone(text) ? null : t("settings.check.timezone");
  return null;
}

/** In English the parser's own words say more than a text can. */
function sentenceOf(fault: FieldFault | null): string | null {
  if (!fault) return null;
  const own = language.value !== "en" ? ownText(`settings.check.${fault.text}`) : undefined;
  if (fault.english !== undefined && own === undefined) return asSentence(fault.english);
  return t(`settings.check.${fault.text}`, fault.values);
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
