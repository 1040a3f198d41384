import { parseStreamUrl, splitAuthority, StreamUrlError } from "../../../common/stream-url";
import type { Environment } from "../environment";

/** Either a URL that can be watched, or why there is none. */
export type ImportedUrl = { url: string } | { reason: string };

/** Ways of other programs to get a picture that are no URL. */
const NOT_RUN: Record<string, string> = {
  exec: "is a command (exec:), which is not run",
  echo: "is a command (echo:), which is not run",
  expr: "is an expression (expr:), which is not evaluated",
};

/** Judges a URL as it stands in another system's file. The reason never quotes it. */
export function importUrl(text: string): ImportedUrl {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && Object.hasOwn(NOT_RUN, scheme)) return { reason: NOT_RUN[scheme] ?? "" };
  if (scheme !== undefined && !["rtsp", "rtsps", "http", "https"].includes(scheme)) {
    return { reason: `is of a kind that is not watched (${scheme.slice(0, 20)}:)` };
  }
  // what the environment holds is not known here
  const meant = text.replace(/\$\{\w+\}/g, "x");
  try {
    parseStreamUrl(meant);
    return { url: text };
  } catch (error) {
    if (!(error instanceof StreamUrlError)) throw error;
    return { reason: `has a URL that ${error.message}` };
  }
}

/** Cuts options off that other programs write behind a `#`; a `#` in a password stays. */
export function cutOptions(url: string): { url: string; options: URLSearchParams } {
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(url)?.[0] ?? "";
  const { rest } = splitAuthority(url.slice(scheme.length));
  const hash = rest.indexOf("#");
  if (hash < 0) return { url, options: new URLSearchParams() };
  return {
    url: url.slice(0, url.length - rest.length + hash),
    options: new URLSearchParams(rest.slice(hash + 1).replaceAll("#", "&")),
  };
}

/** `${` of a program that does not know the environment means just that. */
export function literal(text: string): string {
  return text.replaceAll("${", () => "$${");
}

/**
 * References to the environment in the way of config.yaml: a secret that stood outside of the file stays outside.
 * @param pattern finds them; the first group is the name, the second a default
 * @param unset takes the names that have neither a value nor a default
 */
export function referencesOf(text: string, pattern: RegExp, env: Environment, unset: Set<string>): string {
  return text.replace(pattern, (_reference, name: string, fallback: unknown) => {
    if (Object.hasOwn(env, name) && env[name] !== undefined) return `\${${name}}`;
    // without a second group the place of the match stands there
    if (typeof fallback === "string") return fallback;
    unset.add(name);
    return "";
  });
}

export function unsetReason(unset: ReadonlySet<string>): string {
  return `names the environment variable ${[...unset].join(", ").slice(0, 200)}, which is not set here`;
}
