import { MASKED_SECRET } from "../contracts/masked-secret";
import { maskUrl } from "./masked-url";

/**
 * Streams that stand in a node's form and in no file. The flow holds each URL masked; where it has secrets, the whole
 * URL is one of the node's credentials, which Node-RED encrypts and shows to nobody again.
 */

/** As many credentials has the node. Who watches more writes a config.yaml. */
export const MOST_FORM_STREAMS = 100;

/** One line of the form, as the flow holds it. */
export interface FormStream {
  /** Lasting, so that a stream that is renamed keeps its history. */
  id: string;
  /** Which credential is this stream's, from 0. */
  slot: number;
  name: string;
  /** With `********` for secrets. */
  url: string;
  enabled: boolean;
  group: string;
}

/** The name of the credential that holds a URL. */
export function urlCredential(slot: number): string {
  return `url_${slot}`;
}

/** All of them, as Node-RED wants them declared. */
export function urlCredentials(): Record<string, { type: "password" }> {
  const slots = Array.from({ length: MOST_FORM_STREAMS }, (_, slot) => slot);
  return Object.fromEntries(slots.map((slot) => [urlCredential(slot), { type: "password" }]));
}

/**
 * What is kept of a URL that somebody typed.
 * @returns `secret` undefined: as it was, because the URL is masked; empty: there is nothing to hide
 */
export function keptUrl(typed: string): { url: string; secret: string | undefined } {
  const url = maskUrl(typed);
  if (url !== typed) return { url, secret: typed };
  // nothing was left to mask, or all of it is masked already
  return { url, secret: url.includes(MASKED_SECRET) ? undefined : "" };
}
