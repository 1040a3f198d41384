import { parseStreamUrl, StreamUrlError } from "./stream-url";

/**
 * What a form can say of a field while somebody types, by the rules of the schemas: for pages and for Node-RED's
 * editor, which have no schemas. The server has the last word.
 */

/** What a number may be. */
export interface NumberLimits {
  min: number;
  /** Undefined: no limit that anybody meets. */
  max?: number;
  integer: boolean;
}

/** Which sentence of dashboard/locales (`settings.check.<text>`) says what is wrong, and with which values. */
export interface FieldFault {
  text: string;
  values?: Record<string, string | number>;
  /** The parser's own words, which may say more. */
  english?: string;
}

const MOST_NAME_CHARACTERS = 200;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** @param taken whether a name is another stream's */
export function nameFault(name: string, taken: (name: string) => boolean): FieldFault | null {
  if (name === "") return { text: "empty" };
  const long = textFault(name, MOST_NAME_CHARACTERS);
  return long ?? (taken(name) ? { text: "taken" } : null);
}

export function textFault(text: string, max: number): FieldFault | null {
  if ([...text].length > max) return { text: "long", values: { max } };
  return CONTROL.test(text) ? { text: "control" } : null;
}

export function numberFault(text: string, limits: NumberLimits | undefined): FieldFault | null {
  const number = Number(text);
  if (Number.isNaN(number)) return { text: "number" };
  if (!limits) return null;
  const { min, max, integer } = limits;
  if (number < min || (max !== undefined && number > max)) {
    return max === undefined ? { text: "min", values: { min } } : { text: "range", values: { min, max } };
  }
  return integer && !Number.isInteger(number) ? { text: "whole" } : null;
}

/** How the parser's sentences begin, and which text says the same. */
const URL_TEXTS = [
  ["must begin", "urlScheme"],
  ["must not contain", "urlSpaces"],
  ["must not be longer", "urlLong"],
  ["must have a port", "urlPort"],
  ["has no host", "urlHost"],
] as const;

/** A URL with `${NAME}`, which only the server can fill in, counts as right. */
export function urlFault(url: string): FieldFault | null {
  if (url === "") return { text: "empty" };
  if (url.includes("${")) return null;
  try {
    parseStreamUrl(url);
    return null;
  } catch (error) {
    if (!(error instanceof StreamUrlError)) throw error;
    const { message } = error;
    const [, text] = URL_TEXTS.find(([start]) => message.startsWith(start)) ?? URL_TEXTS[4];
    return { text, english: message };
  }
}

/** A parser's "must be at least 2" as a sentence. */
export function asSentence(text: string): string {
  const [first = "", ...rest] = text;
  const sentence = first.toUpperCase() + rest.join("");
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
