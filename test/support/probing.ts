import { systemClock } from "../../common/clock";
import { parseStreamUrl } from "../../common/stream-url";
import { PROBERS } from "../../nodes/stream-probe/probers";
import type { Network } from "../../common/camera/network";
import type { ProbeNotMade, ProbeRequest, ProbeResult } from "../../nodes/stream-probe/probers/prober";
import { Resolver, type Lookup } from "../../common/camera/resolver";

export function testNetwork(lookup?: Lookup): Network {
  return { clock: systemClock, resolver: new Resolver(systemClock, lookup), connections: new Set() };
}

/** Probes one URL once, and fails when the probe left a connection open. @param shared others use the network now */
export async function probe(
  url: string,
  options: Partial<ProbeRequest> = {},
  network = testNetwork(),
  shared = false,
): Promise<ProbeResult | ProbeNotMade> {
  const parsed = parseStreamUrl(url);
  const request: ProbeRequest = {
    url: parsed,
    level: "handshake",
    timeoutMs: 3500,
    transport: "tcp",
    tlsVerify: false,
    withholdCredentials: false,
    ...options,
  };
  const result = await PROBERS[parsed.protocol].probe(request, network);
  if (!shared && network.connections.size > 0) throw new Error(`the probe of ${url} left a connection open`);
  return result;
}

/** Reason and message in one line, which is what most tests compare. */
export async function verdict(url: string, options: Partial<ProbeRequest> = {}): Promise<string> {
  const result = await probe(url, options);
  return "notMade" in result ? `not made: ${result.notMade}` : `${result.reason}: ${result.message}`;
}
