import { splitAuthority } from "./stream-url";

/**
 * Where a password that nobody sees may go on to: only to whom it was typed for. Whoever may change an address must not
 * learn in this way what is hidden from them. The rule for the server and for the page that warns before.
 */

const REFERENCE = /\$\{[A-Za-z_]\w*\}/;
/** A host as it stands in a URL, or in the environment, and its port. */
const HOST_AND_PORT = new RegExp(
  `^(\\[[0-9A-Fa-f:.%\\w-]+\\]|(?:[^\\s:@/?#[\\]\\\\<>"'\`{}|^%$]|${REFERENCE.source})+)(?::(?:\\d{1,5}|${REFERENCE.source}))?$`,
);

/**
 * Scheme and host of a stream's URL, right or wrong: `rtsp://cam.lan`. Another port of the same machine is no other
 * place.
 * @returns undefined where it cannot be told
 */
export function placeOf(url: string): string | undefined {
  const [start, scheme] = /^\s*([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url) ?? [];
  if (start === undefined || scheme === undefined) return undefined;
  const { hostAndPort } = splitAuthority(url.slice(start.length).trimEnd());
  const host = HOST_AND_PORT.exec(hostAndPort)?.[1];
  if (host === undefined) return undefined;
  // names in the environment are no host names
  return `${scheme.toLowerCase()}://${REFERENCE.test(host) ? host : host.toLowerCase()}`;
}

/** @param known the URL that the hidden secrets of `typed` were for */
export function isSamePlace(typed: string, known: string): boolean {
  const [wanted, saved] = [placeOf(typed), placeOf(known)];
  if (wanted === undefined || saved === undefined) return false;
  return wanted === saved || wanted === saved.replace(/^(rtsp|http):/, "$1s:");
}

/** As far as `mqtt:` of config.yaml says where the password goes. */
export interface BrokerPlace {
  host?: unknown;
  use_tls?: unknown;
}

/** @param saved what the hidden password was for */
export function isSameBroker(typed: BrokerPlace, saved: BrokerPlace): boolean {
  const host = hostOf(typed);
  // without a host it goes nowhere
  if (host === "") return true;
  return host === hostOf(saved) && (typed.use_tls === true || saved.use_tls !== true);
}

/** `broker.lan`, `broker.lan by TLS`; undefined where there is none. */
export function brokerPlaceName(place: BrokerPlace): string | undefined {
  const host = hostOf(place);
  if (host === "") return undefined;
  return place.use_tls === true ? `${host} by TLS` : host;
}

function hostOf({ host }: BrokerPlace): string {
  const text = typeof host === "string" ? host.trim() : "";
  return REFERENCE.test(text) ? text : text.toLowerCase();
}
