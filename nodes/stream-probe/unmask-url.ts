import { MASKED_SECRET } from "../../contracts/edits";
import { parseStreamUrl, wholeUrl } from "../../common/stream-url";

/** The message is a sentence without subject, to follow "url": "hides its password …". */
export class MaskedUrlError extends Error {}

/**
 * Puts a stream's own secrets where a URL that came back from a browser only says that they are as they were: a masked
 * password, or a masked value in the query. They go nowhere but to the host, and by the scheme, that they were for.
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
  const path = unmaskQuery(wanted.path, known.path);
  const isMasked = wanted.password === MASKED_SECRET;
  if (path.includes(MASKED_SECRET) || (isMasked && known.password === undefined)) {
    throw new MaskedUrlError("hides something that the stored URL does not have: type it");
  }
  const password = isMasked ? known.password : wanted.password;
  return wholeUrl({ ...wanted, password, target: wanted.origin + path });
}

/** Values are told by the names of their parameters. */
function unmaskQuery(masked: string, own: string): string {
  const values = new Map(queryOf(own).map((parameter) => splitAt(parameter, "=")));
  const parameters = queryOf(masked).map((parameter) => {
    const [name, value] = splitAt(parameter, "=");
    return value === MASKED_SECRET ? `${name}=${values.get(name) ?? value}` : parameter;
  });
  const [path] = splitAt(masked, "?");
  return parameters.length === 0 ? masked : `${path}?${parameters.join("&")}`;
}

function queryOf(path: string): string[] {
  const [, query] = splitAt(path, "?");
  return query === "" ? [] : query.split("&");
}

function splitAt(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
