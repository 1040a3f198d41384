import { MASKED_SECRET } from "../../contracts/edits";
import { unmaskUrl as unmask } from "../../common/masked-url";
import { parseStreamUrl } from "../../common/stream-url";

/** The message is a sentence without subject, to follow "url": "hides its password …". */
export class MaskedUrlError extends Error {}

/**
 * Puts a stream's own secrets where a URL that came back from a browser only says that they are as they were. They go
 * nowhere but to the host, and by the scheme, that they were for: a test is quicker than a person who looks.
 *
 * @param typed as somebody left it
 * @param own the stream's URL with its secrets; undefined when there is no such stream
 * @throws MaskedUrlError when a secret would be needed that is not there, or is not for this host
 * @throws StreamUrlError when `typed` is no URL
 */
export function unmaskUrl(typed: string, own: string | undefined): string {
  if (!typed.includes(MASKED_SECRET)) return typed;
  if (own === undefined) throw new MaskedUrlError("hides its password, and no stored one is known: type it");
  const [wanted, known] = [parseStreamUrl(typed), parseStreamUrl(own)];
  if (wanted.host.toLowerCase() !== known.host.toLowerCase() || wanted.scheme !== known.scheme) {
    throw new MaskedUrlError(
      `hides its password, and the stored one is for ${known.scheme}://${known.host} only: type it`,
    );
  }
  const whole = unmask(typed, own);
  if (whole === undefined)
    throw new MaskedUrlError("hides something that the stored URL does not have: type it");
  return whole;
}
