import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import path from "node:path";
import { LEAST_CHARACTERS, MOST_CHARACTERS, type PasswordProblem } from "../../auth/password";

/** The texts of our own pages in one language. Another language is one more file beside en.json. */
export interface Texts {
  /** BCP 47, for the page's `lang`. */
  language: string;
  /** @param values what stands in braces */
  say(key: string, values?: Record<string, string | number>): string;
}

const FOLDER = path.join(__dirname, "locales");
const FALLBACK = "en";
const LIMITS = { least: LEAST_CHARACTERS, most: MOST_CHARACTERS };

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const ALL = new Map(files.map((name) => [path.basename(name, ".json"), read(name)]));

function read(name: string): Record<string, string> {
  return JSON.parse(readFileSync(path.join(FOLDER, name), "utf8")) as Record<string, string>;
}

/** In the language that the browser prefers (RFC 9110, section 12.5.4), of those that there are. */
export function textsFor(request: Pick<IncomingMessage, "headers">): Texts {
  const language = preferred(request.headers["accept-language"] ?? "") ?? FALLBACK;
  const texts = ALL.get(language) ?? {};
  return {
    language,
    say(key, values = {}) {
      const text = texts[key] ?? ALL.get(FALLBACK)?.[key] ?? key;
      return text.replace(/\{(\w+)\}/g, (_, name: string) => String({ ...LIMITS, ...values }[name] ?? ""));
    },
  };
}

function preferred(header: string): string | undefined {
  const wishes = header
    .slice(0, 500)
    .split(",")
    .map((wish) => {
      const [tag = "", quality] = wish
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/);
      return { language: tag.split("-")[0] ?? "", quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ language, quality }) => quality > 0 && ALL.has(language))
    .sort((a, b) => b.quality - a.quality);
  return wishes[0]?.language;
}

/** What is wrong with a typed password or code. */
export function problemText(
  { say }: Texts,
  problem: PasswordProblem | "wrong_password" | "wrong_code" | "fixed",
): string {
  return say(`problem.${problem}`);
}

export function waitText({ say }: Texts, waitMs: number): string {
  const seconds = Math.ceil(waitMs / 1000);
  return seconds < 120
    ? say("problem.wait_seconds", { count: seconds })
    : say("problem.wait_minutes", { count: Math.ceil(seconds / 60) });
}
