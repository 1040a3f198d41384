/** The texts of one language: nested, so that a locale's file reads like the page. */
export interface Texts {
  [key: string]: string | Texts;
}

export type Values = Record<string, string | number>;

/**
 * Finds texts by path ("board.search") and fills in `{values}`. A text that depends on a number stands as an object
 * with the plural categories of the language (`one`, `few`, `other` …) and is chosen by the value `n`.
 */
export class Translator {
  private readonly plurals: Intl.PluralRules;
  private readonly numbers: Intl.NumberFormat;

  /** @param fallback where a text is missing */
  constructor(
    readonly language: string,
    private readonly texts: Texts,
    private readonly fallback: Texts,
  ) {
    this.plurals = new Intl.PluralRules(language);
    this.numbers = new Intl.NumberFormat(language);
  }

  text(path: string, values: Values = {}): string {
    const found = this.find(this.texts, path, values) ?? this.find(this.fallback, path, values) ?? path;
    return found.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? this.numbers.format(value) : value;
    });
  }

  /** Undefined where this language has no such text: for texts that come from elsewhere in English. */
  own(path: string): string | undefined {
    return this.find(this.texts, path, {});
  }

  private find(texts: Texts, path: string, values: Values): string | undefined {
    let found: string | Texts | undefined = texts;
    for (const key of path.split(".")) {
      if (typeof found !== "object") return undefined;
      found = Object.hasOwn(found, key) ? found[key] : undefined;
    }
    if (typeof found !== "object") return found;
    const form = found[this.plurals.select(Number(values.n ?? 0))] ?? found.other;
    return typeof form === "string" ? form : undefined;
  }
}

/** The best of the languages that there are: the first wanted one, or its language without the region. */
export function chooseLanguage(
  wanted: readonly string[],
  available: readonly string[],
  usual: string,
): string {
  for (const tag of wanted) {
    const whole = available.find((language) => language.toLowerCase() === tag.toLowerCase());
    const base = available.find((language) => language.toLowerCase() === tag.split("-", 1)[0]?.toLowerCase());
    if (whole ?? base) return (whole ?? base) as string;
  }
  return usual;
}
