import type { StreamAccess } from "../../common/camera/access";
import { parseStreamUrl, wholeUrl } from "../../common/stream-url";
import type { Reason, State } from "../../contracts/reasons";
import type { Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";

/** One stream, as far as looking at it needs. */
export interface WatchedStream {
  name: string;
  enabled: boolean;
  host: string;
  access: StreamAccess;
  /** The URL in the one spelling by which refused credentials are remembered. */
  account: string;
  /** How often its picture is looked at by the probe; 0: never. */
  pictureMinutes: number;
  /** What was confirmed, as far as it was heard. */
  state?: State;
  reason?: Reason | null;
}

export function watchedStream(stream: Stream, { probe }: Pick<Settings, "probe">): WatchedStream {
  const url = parseStreamUrl(stream.url);
  return {
    name: stream.name,
    enabled: stream.enabled,
    host: url.host,
    access: {
      url,
      transport: stream.transport ?? "tcp",
      tlsVerify: stream.tls_verify ?? false,
      // where they must not be sent nothing is asked at all
      withholdCredentials: false,
    },
    account: wholeUrl(url),
    pictureMinutes: stream.picture_minutes ?? probe.picture_minutes,
  };
}

/** What was seen under the one can be shown under the other. */
export function isSameSource(one: WatchedStream, other: WatchedStream): boolean {
  const { transport, tlsVerify } = one.access;
  return (
    one.account === other.account &&
    transport === other.access.transport &&
    tlsVerify === other.access.tlsVerify
  );
}
