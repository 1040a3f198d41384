import { isDeepStrictEqual } from "node:util";
import { MASKED_SECRET } from "../contracts/edits";
import { MaskedUrlError, maskUrl, unmaskUrl } from "./masked-url";

/** Keys of config.yaml whose value is a secret, known or not. */
const SECRET_KEY = /pass|pwd|secret|token|api_?key|credential/i;
const URL_IN_TEXT = /[A-Za-z][A-Za-z0-9+.-]*:\/\/\S+/g;

/** A mask was written where nothing is hidden, or where what is hidden must not go. */
export class MaskFault extends Error {
  constructor(
    /** Keys and indexes, from the outside in. */
    readonly path: (string | number)[],
    message: string,
  ) {
    super(message);
  }
}

const NOTHING_HIDDEN = `holds ${MASKED_SECRET}, which stands for a password that is not shown, and there is none here: type the password`;

/** Plain data of config.yaml as it may be shown: passwords, and the secret parts of URLs, are `********`. */
export function maskSecrets(data: unknown, key = ""): unknown {
  if (Array.isArray(data)) return data.map((entry) => maskSecrets(entry, key));
  if (isObject(data)) {
    return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, maskSecrets(value, name)]));
  }
  if (SECRET_KEY.test(key)) return isHidden(data) ? MASKED_SECRET : data;
  return typeof data === "string" ? maskText(data, key) : data;
}

/**
 * Puts the secrets back that were masked: a mask means "as it was".
 * @param known the data as it was shown, with its secrets, which go to no other host (secret-place.ts)
 * @throws MaskFault
 */
export function restoreSecrets(
  data: unknown,
  known: unknown,
  key = "",
  path: (string | number)[] = [],
): unknown {
  if (known !== undefined && isDeepStrictEqual(data, maskSecrets(known, key))) return known;
  if (Array.isArray(data)) {
    const before: unknown[] = Array.isArray(known) ? known : [];
    return data.map((entry, index) => {
      const same = before.find((one) => isDeepStrictEqual(maskSecrets(one, key), entry));
      return restoreSecrets(entry, same ?? before[index], key, [...path, index]);
    });
  }
  if (isObject(data)) {
    const before = isObject(known) ? known : {};
    return Object.fromEntries(
      Object.entries(data).map(([name, value]) => [
        name,
        restoreSecrets(value, Object.hasOwn(before, name) ? before[name] : undefined, name, [...path, name]),
      ]),
    );
  }
  if (typeof data !== "string" || !data.includes(MASKED_SECRET)) return data;
  try {
    const whole = unmaskText(data, typeof known === "string" ? known : undefined, key);
    if (whole !== undefined) return whole;
  } catch (error) {
    if (!(error instanceof MaskedUrlError)) throw error;
    throw new MaskFault(path, error.message);
  }
  throw new MaskFault(path, NOTHING_HIDDEN);
}

function maskText(text: string, key: string): string {
  return key === "url" ? maskUrl(text) : text.replace(URL_IN_TEXT, maskUrl);
}

/**
 * @returns undefined when a mask stands outside of URLs
 * @throws MaskedUrlError
 */
function unmaskText(text: string, known: string | undefined, key: string): string | undefined {
  if (key === "url") return unmaskUrl(text, known);
  const urls = known?.match(URL_IN_TEXT) ?? [];
  const parts = text.split(URL_IN_TEXT);
  if (parts.some((part) => part.includes(MASKED_SECRET))) return undefined;
  const whole = text.match(URL_IN_TEXT)?.map((url, index) => unmaskUrl(url, urls[index])) ?? [];
  return parts.map((part, index) => part + (whole[index] ?? "")).join("");
}

function isHidden(value: unknown): boolean {
  if (value === null || value === undefined || value === "" || typeof value === "boolean") return false;
  return !(typeof value === "string" && /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(value));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
