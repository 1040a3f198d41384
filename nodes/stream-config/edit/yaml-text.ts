/** Writes plain data as YAML that reads the same in every YAML version, in the style of what stands beside it. */

export type QuoteStyle = "PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE";

export interface TextStyle {
  /** Inside of […] or {…}. */
  flow: boolean;
  /** As JSON: keys and texts in double quotes. */
  json?: boolean;
  /** How the text that is replaced was quoted. */
  quotes?: QuoteStyle;
}

/** Words and numbers that some version of YAML takes for something else than text. */
const AMBIGUOUS =
  /^(?:|~|null|true|false|yes|no|on|off|y|n|=|<<|[+-]?\.?\d[\d_,.:eExXoOa-fA-F+-]*|[+-]?\.(?:inf|nan))$/i;
/** What a plain text must not begin with. */
const INDICATOR = /^[-?:](?:\s|$)|^[\s,[\]{}#&*!|>'"%@`]/;

/** One value on one line. */
export function inlineText(value: unknown, style: TextStyle): string {
  if (typeof value === "string") return scalarText(value, style);
  if (Array.isArray(value)) {
    return `[${value.map((entry) => inlineText(entry, { ...style, flow: true })).join(", ")}]`;
  }
  if (typeof value === "object" && value !== null) {
    return `{${pairTexts(value, { ...style, flow: true }).join(", ")}}`;
  }
  // numbers and flags read the same as in JSON
  return value === undefined ? "null" : JSON.stringify(value);
}

/** `key: value` for each key, for […] and {…}. */
export function pairTexts(map: object, style: TextStyle): string[] {
  return Object.entries(map).map(([key, value]) => `${keyText(key, style)}: ${inlineText(value, style)}`);
}

/** Lines of `key: value`, each without indentation of its own; maps are written below their key. */
export function blockLines(map: object, step = 2): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    const name = keyText(key, { flow: false });
    if (!isMap || Object.keys(value as object).length === 0) {
      return [`${name}: ${inlineText(value, { flow: false })}`];
    }
    const inner = blockLines(value as object, step).map((line) => " ".repeat(step) + line);
    return [`${name}:`, ...inner];
  });
}

export function keyText(key: string, { flow, json }: TextStyle): string {
  return scalarText(key, { flow, json, quotes: json ? "QUOTE_DOUBLE" : undefined });
}

export function scalarText(text: string, { flow, json, quotes = "PLAIN" }: TextStyle): string {
  if (json || quotes === "QUOTE_DOUBLE") return doubleQuoted(text);
  if (quotes === "PLAIN" && isPlain(text, flow)) return text;
  const isVisible = !/[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u.test(text);
  return isVisible && !/[\u2028\u2029]/.test(text) ? `'${text.replaceAll("'", "''")}'` : doubleQuoted(text);
}

function isPlain(text: string, flow: boolean): boolean {
  if (AMBIGUOUS.test(text) || INDICATOR.test(text) || text !== text.trim()) return false;
  if (/: |:$| #|[^\x20-\x7e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text)) return false;
  return !flow || !/[,[\]{}]|:[,[\]{}'"]/.test(text);
}

function doubleQuoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
