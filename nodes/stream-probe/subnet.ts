import net from "node:net";

/** The network that a switch or a site usually is: the /24 of an IPv4 address, the /64 of an IPv6 one; none of a name. */
export function subnetOf(host: string): string | undefined {
  if (net.isIPv4(host)) return `${host.split(".").slice(0, 3).join(".")}.0/24`;
  const address = host.replace(/%.*$/, "");
  if (!net.isIPv6(address)) return undefined;
  const [head = "", tail] = address.toLowerCase().split("::");
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => 0);
  const prefix = [...first, ...zeros, ...last].slice(0, 4);
  return `${prefix.map((group) => group.toString(16)).join(":")}::/64`;
}

/** The 16-bit groups of a part of an address; a dotted IPv4 address at its end (RFC 4291 §2.2) is two of them. */
function groupsOf(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => (group.includes(".") ? [0, 0] : [parseInt(group, 16)]));
}
