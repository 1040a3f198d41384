import os from "node:os";

/**
 * `mqtt.api_status_url`: where v2.2's publisher fetched the status. Its files name the API of the same machine, which is
 * our own status and comes by wire; another host is asked as it was.
 */

const MOST_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 10_000;
/** The port of v2.2's API, whatever ours is. */
const V22_API_PORT = 7000;

/** The message is a sentence. */
export class StatusSourceError extends Error {}

/** @returns what is wrong with the URL, to follow its name; undefined when nothing is */
export function statusUrlFault(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return "must be a URL such as http://192.0.2.1:7000/api/status";
  return undefined;
}

/**
 * @param url one without fault
 * @param apiPort of our own API
 * @returns true when it means the API of this installation
 */
export function isOwnStatus(url: string, apiPort: number | undefined): boolean {
  const { hostname, port, protocol } = new URL(url);
  const given = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  if (given !== V22_API_PORT && given !== apiPort) return false;
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return isLoopback(host) || host === os.hostname().toLowerCase() || ownAddresses().includes(host);
}

/**
 * Fetches the body as it is.
 * @throws StatusSourceError
 */
export async function fetchStatus(url: string, signal: AbortSignal): Promise<Buffer> {
  const target = new URL(url);
  const { username, password, host } = target;
  target.username = target.password = "";
  const headers: Record<string, string> = {};
  if (username !== "") {
    const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers.authorization = `Basic ${Buffer.from(user).toString("base64")}`;
  }
  try {
    const response = await fetch(target, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.status !== 200) throw new StatusSourceError(`answers HTTP ${response.status}`);
    const body = await readBody(response);
    if (!isObject(body)) throw new StatusSourceError("answers something that is no status JSON");
    return body;
  } catch (error) {
    throw new StatusSourceError(`mqtt.api_status_url: ${host} ${wordsOf(error)}.`);
  }
}

async function readBody(response: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new StatusSourceError(`answers with more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function isObject(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof StatusSourceError) return error.message;
  if ((error as Error).name === "TimeoutError") return `does not answer within ${TIMEOUT_MS / 1000} s`;
  const cause = (error as Error).cause as { code?: string } | undefined;
  return `cannot be reached (${cause?.code ?? (error as Error).name})`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "::" || host === "0.0.0.0" || /^127\./.test(host);
}

function ownAddresses(): string[] {
  return Object.values(os.networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address.toLowerCase()),
  );
}
