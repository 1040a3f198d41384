/**
 * What the server says in English, in another language: the English sentence itself is the key, with places for what
 * changes. Texts with a code of their own stand elsewhere; these are the many ways in which a value can be wrong.
 */

/** What may stand at a place, by its name; anything else takes any text, and `fault` another sentence. */
const PLACES: Record<string, string> = { n: "[\\d,.]+", m: "[\\d,.]+", key: "[a-z_]+(?:\\.\\w+)*" };

interface Pattern {
  pattern: RegExp;
  places: string[];
  text: string;
}

export class Phrases {
  private readonly patterns: Pattern[];

  /** @param texts by the English sentence: `"must be at least {n}"` */
  constructor(private readonly texts: Readonly<Record<string, string>>) {
    const open = Object.entries(texts).filter(([english]) => /\{\w+\}/.test(english));
    // the one that says most of its own comes first
    open.sort(([one], [other]) => ownLength(other) - ownLength(one));
    this.patterns = open.map(([english, text]) => ({ ...compile(english), text }));
  }

  /** @returns the sentence in this language, or as it came where it is not known */
  say(english: string): string {
    if (Object.hasOwn(this.texts, english)) return this.texts[english] as string;
    for (const { pattern, places, text } of this.patterns) {
      const found = pattern.exec(english);
      if (!found) continue;
      const values = new Map(places.map((place, index) => [place, found[index + 1] ?? ""]));
      return text.replace(/\{(\w+)\}/g, (whole, place: string) => {
        const value = values.get(place) ?? whole;
        return place === "fault" ? this.say(value) : value;
      });
    }
    return english;
  }
}

function ownLength(english: string): number {
  return english.replace(/\{\w+\}/g, "").length;
}

function compile(english: string): Omit<Pattern, "text"> {
  const places: string[] = [];
  const source = english
    .split(/(\{\w+\})/)
    .map((part) => {
      const place = /^\{(\w+)\}$/.exec(part)?.[1];
      if (place === undefined) return part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      places.push(place);
      return `(${PLACES[place] ?? ".+?"})`;
    })
    .join("");
  return { pattern: new RegExp(`^${source}$`, "s"), places };
}
