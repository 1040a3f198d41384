import { unmaskUrl } from "./masked-url";
import { parseStreamUrl } from "./stream-url";
import { MASKED_SECRET } from "../contracts/masked-secret";

/** The message is a sentence without subject, to follow "url": "hides its password …". */
export class MaskedUrlError extends Error {}

/**
 * A typed URL that is to be tried, with the stream's own secrets where it hides them. They go nowhere but to the host,
 * and by the scheme, that they were for.
 *
 * @param typed as somebody left it
 * @param own the stream's URL with its secrets; undefined when there is no such stream
 * @throws MaskedUrlError when a secret would be needed that is not there, or is not for this host
 * @throws StreamUrlError when `typed` is no URL
 */
export function urlToTry(typed: string, own: string | undefined): string {
  if (!typed.includes(MASKED_SECRET)) return typed;
  if (own === undefined) throw new MaskedUrlError("hides its password, and no stored one is known: type it");
  const known = parseStreamUrl(own);
  if (!isFor(known, typed)) {
    throw new MaskedUrlError(
      `hides its password, and the stored one is for ${known.scheme}://${known.host} only: type it`,
    );
  }
  const whole = unmaskUrl(typed, own);
  // a password with odd characters must not make another host of it
  if (whole === undefined || !isFor(known, whole)) {
    throw new MaskedUrlError("hides something that the stored URL does not have: type it");
  }
  return whole;
}

function isFor({ scheme, host }: { scheme: string; host: string }, url: string): boolean {
  const wanted = parseStreamUrl(url);
  return wanted.scheme === scheme && wanted.host.toLowerCase() === host.toLowerCase();
}
