import { MASKED_SECRET } from "../contracts/masked-secret";
import { isSamePlace, placeOf } from "./secret-place";
import { splitAuthority } from "./stream-url";

/**
 * Hides the secrets of a stream's URL from people who may see the URL, and puts them back where such a URL is saved
 * again. Works on what people write, right or wrong: a URL that no camera has may hold a password too.
 */

/** A part of a text that is a secret, or stands for one. */
interface Secret {
  /** In characters of the text; `end` is the first one behind it. */
  start: number;
  end: number;
  /** What it is of this URL, so that the same secret is found in another spelling of it. */
  label: string;
}

/** Words that cameras use in paths and queries before a password. */
const SECRET_WORD = /pass|pwd|psw|token|key|auth|secret|sign|^sig$|session|cred|^hash$|^pin$/i;
/** Those that are too short, or mean too much else, for a part of a path. */
const SECRET_KEY = /pas$|pw$|^p$|(?<!bar|de|en|time)code$/i;
const REFERENCE = /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/;

/** The URL with `********` in the place of each secret. `${NAME}` is none and stays. */
export function maskUrl(url: string): string {
  let masked = "";
  let from = 0;
  for (const { start, end } of secretsOf(url)) {
    masked += url.slice(from, start) + MASKED_SECRET;
    from = end;
  }
  return masked + url.slice(from);
}

/** The message is a sentence without subject, to follow "url": "hides a password …". */
export class MaskedUrlError extends Error {}

/**
 * The URL with the secrets of another in the place of its masks: of the one that was shown masked, and perhaps edited
 * elsewhere since. They stay with the host, and the scheme or its safe sister, that they were for.
 * @param known the URL with its secrets; undefined when there is none
 * @throws MaskedUrlError when a mask stands for nothing, or for a secret that is not for this host
 */
export function unmaskUrl(url: string, known: string | undefined): string {
  if (!url.includes(MASKED_SECRET)) return url;
  if (known === undefined)
    throw new MaskedUrlError("hides its password, and no stored one is known: type it");
  if (url === maskUrl(known)) return known;
  if (!isSamePlace(url, known)) {
    const place = placeOf(known);
    throw new MaskedUrlError(
      place === undefined
        ? "hides its password, and for which host that was cannot be told: type it again"
        : `hides its password, which was for ${place}: type it again`,
    );
  }
  const whole = withSecrets(url, known);
  // a password with odd characters must not make another host of it
  if (whole === undefined || !isSamePlace(whole, known)) {
    throw new MaskedUrlError("hides something that the stored URL does not have: type it");
  }
  return whole;
}

/** @returns undefined when a mask stands for nothing */
function withSecrets(url: string, known: string): string | undefined {
  const secrets = new Map<string, string>();
  for (const { start, end, label } of secretsOf(known)) secrets.set(label, known.slice(start, end));
  let whole = "";
  let from = 0;
  for (const { start, end, label } of secretsOf(url)) {
    if (url.slice(start, end) !== MASKED_SECRET) continue;
    const secret = secrets.get(label);
    if (secret === undefined) return undefined;
    whole += url.slice(from, start) + secret;
    from = end;
  }
  const rest = url.slice(from);
  // what is left is a mask that somebody has written into, or elsewhere
  return rest.includes(MASKED_SECRET) && !known.includes(MASKED_SECRET) ? undefined : whole + rest;
}

/** In the order of the text. */
function secretsOf(url: string): Secret[] {
  const scheme = /^\s*[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(url)?.[0] ?? "";
  const restStart = url.length - restOf(url.slice(scheme.length)).length;
  const found = [
    ...userSecrets(url, scheme.length, restStart),
    ...pathSecrets(url, restStart),
    ...querySecrets(url, restStart),
  ];
  return numbered(found.filter(({ start, end }) => isWorthHiding(url.slice(start, end))));
}

/** Path, query and fragment, as far as they can be told from the user part. */
function restOf(afterScheme: string): string {
  const { userinfo, hostAndPort, rest } = splitAuthority(afterScheme);
  const at = afterScheme.lastIndexOf("@");
  // `viewer:12/34@camera` reads as host and port, and `viewer:p/w@` has no host at all
  const isPartOfPassword = hostAndPort.includes(":") && /[^/]@/.test(rest.split("?", 1)[0] ?? "");
  if (userinfo === undefined && at >= 0 && (isPartOfPassword || !/^[\w.[\]:-]+$/.test(hostAndPort))) {
    return /[/?#].*$/s.exec(afterScheme.slice(at))?.[0] ?? "";
  }
  return rest;
}

function userSecrets(url: string, start: number, end: number): Secret[] {
  const at = url.slice(start, end).lastIndexOf("@");
  if (at < 0) return [];
  const userinfo = url.slice(start, start + at);
  const colon = userinfo.indexOf(":");
  if (colon >= 0) return [{ start: start + colon + 1, end: start + at, label: "password" }];
  // a name alone is no secret, but some services take a key for it
  return looksRandom(userinfo) || userinfo === MASKED_SECRET
    ? [{ start, end: start + at, label: "user" }]
    : [];
}

function pathSecrets(url: string, from: number): Secret[] {
  const path = /^[^?#]*/.exec(url.slice(from))?.[0] ?? "";
  const secrets: Secret[] = [];
  let before = "";
  for (const { 0: segment, index } of path.matchAll(/[^/]+/g)) {
    const start = from + index;
    const pairs = pairsOf(segment, start);
    if (pairs.length > 0) secrets.push(...pairs);
    else if (SECRET_WORD.test(before) || looksRandom(segment) || segment === MASKED_SECRET) {
      secrets.push({ start, end: start + segment.length, label: "segment" });
    }
    before = segment;
  }
  return secrets;
}

/** `user=admin_password=x_channel=1` and `user=admin&password=x`, as some recorders have it in the path. */
function pairsOf(segment: string, start: number): Secret[] {
  return [...segment.matchAll(/([A-Za-z]+)=(.*?)(?=_[A-Za-z]+=|[&;]|$)/g)]
    .filter(([, word = ""]) => isSecretKey(word))
    .map(({ 0: all, 1: word = "", 2: value = "", index }) => {
      const end = start + index + all.length;
      return { start: end - value.length, end, label: `path ${word}` };
    });
}

function querySecrets(url: string, from: number): Secret[] {
  const query = url.indexOf("?", from);
  if (query < 0) return [];
  return [...url.slice(query + 1).matchAll(/([^&;#=]+)=([^&;#]*)/g)]
    .filter(([, word = "", value = ""]) => isSecretKey(word) || looksRandom(value) || value === MASKED_SECRET)
    .map(({ 0: all, 1: word = "", 2: value = "", index }) => {
      const end = query + 1 + index + all.length;
      return { start: end - value.length, end, label: `query ${word}` };
    });
}

/** The third secret of one kind is another one than the first. */
function numbered(secrets: Secret[]): Secret[] {
  const counts = new Map<string, number>();
  return secrets
    .sort((a, b) => a.start - b.start)
    .map((secret) => {
      const count = (counts.get(secret.label) ?? 0) + 1;
      counts.set(secret.label, count);
      return { ...secret, label: `${secret.label} ${count}` };
    });
}

function isWorthHiding(value: string): boolean {
  return value !== "" && !REFERENCE.test(value);
}

/** Of `key=value`. */
function isSecretKey(word: string): boolean {
  return SECRET_WORD.test(word) || SECRET_KEY.test(word);
}

/**
 * Whether a word is rather drawn by lot than thought of: in `h264Preview_01_main` the kind of character changes twice,
 * in a key such as `AbC1dEfGhIjK2lMn` at every second place.
 */
function looksRandom(word: string): boolean {
  if (word.length < 12 || !/^[\w-]+$/.test(word)) return false;
  const changes = word.match(/[a-z](?=[A-Z])|[A-Za-z](?=\d)|\d(?=[A-Za-z])/g)?.length ?? 0;
  return changes >= 4;
}
