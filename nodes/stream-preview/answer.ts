import type { Refusal } from "./refusal";

/** An answer as an `http response` node sends it. */
export interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  payload: Buffer | string | object;
}

/** Pictures of somebody's home stay in nobody's cache, and on no stranger's page. */
export const PICTURE_HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-site",
};

/** @param asText as text for an `http response` node, which would wrap an object into a script when it is asked to */
export function refusalAnswer(
  { statusCode, code, message, retryAfterSeconds }: Refusal,
  asText: boolean,
): Answer {
  const payload = { error: { code, message } };
  return {
    statusCode,
    headers: {
      ...{
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
      ...(retryAfterSeconds !== undefined && { "retry-after": String(retryAfterSeconds) }),
    },
    payload: asText ? JSON.stringify(payload) : payload,
  };
}
