/**
 * Reads the target of a request line (RFC 9112, section 3.2) and refuses every form that two programs may read in two
 * ways: what is let through here must mean the same path to every router behind it.
 */
export type RequestTarget =
  | {
      ok: true;
      /** As it came, without the query. */
      path: string;
      /** The parts between the slashes, still encoded. */
      segments: string[];
    }
  | { ok: false; message: string };

/** Where one segment is a stream's name, and a name may hold an encoded slash. */
const NAME_PLACES = [["api", "streams"], ["preview"], ["snapshot"], ["history"]];

export function readRequestTarget(url: string | undefined): RequestTarget {
  if (!url?.startsWith("/")) return refuse("The request must name a path that begins with a slash.");
  if (!/^[\x21-\x7e]+$/.test(url)) return refuse("The path holds characters that must be percent-encoded.");
  const path = url.split("?", 1)[0] ?? "";
  if (/[\\#]/.test(path) || /%5c/i.test(path)) return refuse("The path must not hold a backslash or #.");
  if (path.includes("//")) return refuse("The path must not hold an empty segment.");
  if (/%2e/i.test(path)) return refuse("The path must not hold an encoded dot.");
  const segments = path.slice(1).split("/");
  const namePlace = NAME_PLACES.find((place) =>
    place.every((word, index) => segments[index] === word),
  )?.length;
  for (const [index, segment] of segments.entries()) {
    const problem = segmentProblem(segment, index === namePlace);
    if (problem) return refuse(problem);
  }
  return { ok: true, path, segments };
}

function segmentProblem(segment: string, isName: boolean): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    return "The path is not percent-encoded UTF-8.";
  }
  if (/[\u0000-\u001f\u007f-\u009f]/.test(decoded)) return "The path must not hold control characters.";
  if (!isName && decoded.includes("/")) return "The path must not hold an encoded slash here.";
  if (decoded.split("/").some((part) => part === "." || part === "..")) {
    return "The path must not hold . or .. as a segment.";
  }
  return undefined;
}

function refuse(message: string): RequestTarget {
  return { ok: false, message };
}

/**
 * True for one Host header with a name or an address and perhaps a port. HTTP/1.0 knows requests without any.
 * @param rawHeaders names and values in turn, as `IncomingMessage.rawHeaders`
 */
export function hasPlainHost(rawHeaders: readonly string[], httpVersion: string): boolean {
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === "host",
  );
  if (hosts.length === 0) return httpVersion === "1.0";
  return hosts.length === 1 && /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,255})(:\d{1,5})?$/.test(hosts[0] ?? "");
}
