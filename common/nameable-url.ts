import { MASKED_SECRET } from "../contracts/masked-secret";
import { maskUrl } from "./masked-url";
import { splitAuthority } from "./stream-url";

/** What of a URL may go into a stream's name, which everybody may read. */
export interface NameableUrl {
  /** Host name or address; "" where there is none that can be told. */
  host: string;
  /** `:554`, or "". */
  port: string;
  /** Without slashes around it, and without every segment that holds a secret. */
  path: string;
}

/** The parts of a URL, right or wrong, that hold no user name, password, token or query. */
export function nameableUrl(url: string): NameableUrl {
  const afterScheme = maskUrl(url.trim()).replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\//, "");
  const { hostAndPort, rest } = splitAuthority(afterScheme);
  const [place = ""] = rest.split(/[?#]/, 1);
  const segments = place.split("/").filter((segment) => segment !== "" && !segment.includes(MASKED_SECRET));
  const port = /:\d+$/.exec(hostAndPort)?.[0] ?? "";
  return { host: hostAndPort.slice(0, hostAndPort.length - port.length), port, path: segments.join("/") };
}
