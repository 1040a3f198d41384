import { parseStreamUrl } from "../../../../common/stream-url";
import { language, ownText, t } from "../../../shared/i18n";
import type { FieldRules } from "../../settings-protocol";
import { asSentence } from "../problem-text";
import type { Field, FieldValue } from "./field";

const MOST_NAME_CHARACTERS = 200;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
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
  if (field.kind === "name") return checkName(text, taken);
  if (field.kind === "url") return text === "" ? t("settings.check.empty") : checkUrl(text);
  if (text === "" || REFERENCE.test(text)) return null;
  if (field.kind === "number") return checkNumber(text, field.path, rules);
  if (field.kind === "timezone") return isTimezone(text) ? null : t("settings.check.timezone");
  return null;
}

function checkName(name: string, taken: (name: string) => boolean): string | null {
  if (name === "") return t("settings.check.empty");
  if ([...name].length > MOST_NAME_CHARACTERS) return t("settings.check.long", { max: MOST_NAME_CHARACTERS });
  if (CONTROL.test(name)) return t("settings.check.control");
  return taken(name) ? t("settings.check.taken") : null;
}

function checkNumber(text: string, path: string, { numbers }: FieldRules): string | null {
  const limits = numbers[path];
  const number = Number(text);
  if (Number.isNaN(number)) return t("settings.check.number");
  if (!limits) return null;
  const { min, max, integer } = limits;
  if (number < min || (max !== undefined && number > max)) {
    return max === undefined ? t("settings.check.min", { min }) : t("settings.check.range", { min, max });
  }
  return integer && !Number.isInteger(number) ? t("settings.check.whole") : null;
}

/** How the parser's sentences begin, and which text of a language says the same. */
const URL_TEXTS = [
  ["must begin", "urlScheme"],
  ["must not contain", "urlSpaces"],
  ["must not be longer", "urlLong"],
  ["must have a port", "urlPort"],
  ["has no host", "urlHost"],
] as const;

function checkUrl(url: string): string | null {
  if (REFERENCE.test(url)) return null;
  try {
    parseStreamUrl(url);
    return null;
  } catch (error) {
    const { message } = error as Error;
    const known = URL_TEXTS.find(([start]) => message.startsWith(start));
    const own = known && language.value !== "en" ? ownText(`settings.check.${known[1]}`) : undefined;
    return own ?? asSentence(message);
  }
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
