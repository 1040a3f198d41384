import { computed, ref } from "vue";
import { REASONS, type Reason } from "../../contracts/reasons";
import { Formatter } from "./format";
import { remembered, remember } from "./memory";
import { Phrases } from "./phrases";
import { chooseLanguage, Translator, type Texts, type Values } from "./translate";

/** Each file of dashboard/locales is a language. */
const files = import.meta.glob<Texts>("../locales/*.json", { eager: true, import: "default" });
const locales = new Map(
  Object.entries(files).map(([file, texts]) => [/([^/]+)\.json$/.exec(file)?.[1] ?? file, texts]),
);
const ENGLISH = "en";
const MEMORY = "language";

export const LANGUAGES: readonly string[] = [...locales.keys()];

/** What the person chose on this browser; null: what the browser prefers. */
export const chosenLanguage = ref<string | null>(remembered(MEMORY, isLanguage, null));
export const timezone = ref("UTC");

export const language = computed(
  () => chosenLanguage.value ?? chooseLanguage(navigator.languages, LANGUAGES, ENGLISH),
);
const translator = computed(() => {
  const english = locales.get(ENGLISH) as Texts;
  return new Translator(language.value, locales.get(language.value) ?? english, english);
});

const phrases = computed(
  () => new Phrases((locales.get(language.value)?.said ?? {}) as Record<string, string>),
);

/** Writes numbers, times and durations in the language and in the time zone of config.yaml. */
export const format = computed(() => new Formatter(regional(language.value), timezone.value, t));

export function chooseOwnLanguage(chosen: string | null): void {
  chosenLanguage.value = chosen;
  remember(MEMORY, chosen);
}

export function t(path: string, values?: Values): string {
  return translator.value.text(path, values);
}

/** A text that this language may have for what comes from the server in English. */
export function ownText(path: string): string | undefined {
  return translator.value.own(path);
}

/** A sentence of the server's in this language, where it is known. */
export function said(english: string): string {
  return phrases.value.say(english);
}

/** What is the matter, as a sentence without the full stop. */
export function reasonText(reason: Reason): string {
  return translator.value.own(`reasons.${reason}.text`) ?? REASONS[reason].text;
}

/** What to do about it; empty for a stream that is up. */
export function reasonAdvice(reason: Reason): string {
  return translator.value.own(`reasons.${reason}.advice`) ?? REASONS[reason].advice;
}

function isLanguage(value: unknown): value is string | null {
  return value === null || (typeof value === "string" && LANGUAGES.includes(value));
}

/** "en" alone would write dates as in the United States wherever somebody lives. */
function regional(chosen: string): string {
  return navigator.languages.find((tag) => tag === chosen || tag.startsWith(`${chosen}-`)) ?? chosen;
}
