import { reasons as germanReasons, settings as germanSettings } from "../dashboard/locales/de.json";
import { settings as englishSettings } from "../dashboard/locales/en.json";
import { chooseLanguage, Translator, type Texts } from "../dashboard/shared/translate";
import { asSentence, type FieldFault } from "../common/field-check";
import { REASONS, type Reason } from "../contracts/reasons";

/** The words that the forms share with the dashboard's pages. A form's own words are in the locales of its node. */
const english: Texts = { check: englishSettings.check, test: englishSettings.test };
const languages: Record<string, Texts> = {
  en: english,
  de: { check: germanSettings.check, test: germanSettings.test, reasons: germanReasons },
};

function translator(): Translator {
  const language = chooseLanguage([RED.i18n.lang()], Object.keys(languages), "en");
  return new Translator(language, languages[language] ?? english, english);
}

export function text(path: string, values?: Record<string, string | number>): string {
  return translator().text(path, values);
}

/** What is wrong with a field, as a sentence. */
export function faultText({ text: key, values, english: words }: FieldFault): string {
  const own = translator().language === "en" ? undefined : translator().own(`check.${key}`);
  if (words !== undefined && own === undefined) return asSentence(words);
  return text(`check.${key}`, values);
}

/** What is the matter with a stream, and what to do about it; the latter is empty when nothing is. */
export function reasonTexts(reason: Reason): { what: string; advice: string } {
  const own = (part: "text" | "advice") =>
    translator().own(`reasons.${reason}.${part}`) ?? REASONS[reason][part];
  return { what: own("text"), advice: own("advice") };
}
