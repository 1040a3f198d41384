import { spawnSync } from "node:child_process";

/** A host of the test's own: a network namespace with one address, joined to this machine by a pair of interfaces. */
export class NetworkNamespace {
  private static count = 0;
  private readonly id = `${process.pid % 10_000}${NetworkNamespace.count++}`;
  private readonly name = `sptest${this.id}`;
  private readonly inside = `spi${this.id}`;
  private readonly outside = `spo${this.id}`;
  private readonly net = `10.199.${process.pid % 250}`;

  /** The address of the host. */
  get address(): string {
    return `${this.net}.2`;
  }

  /** What runs a program on that host. */
  get command(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  static get possible(): { skip: string | false } {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return { skip: "needs root on Linux" };
    const tried = spawnSync("unshare", ["--net", "true"]);
    return { skip: tried.status === 0 ? false : "needs network namespaces" };
  }

  start(): void {
    ip("netns", "add", this.name);
    ip("link", "add", this.outside, "type", "veth", "peer", "name", this.inside, "netns", this.name);
    ip("addr", "add", `${this.net}.1/24`, "dev", this.outside);
    ip("link", "set", this.outside, "up");
    ip("-n", this.name, "addr", "add", `${this.address}/24`, "dev", this.inside);
    ip("-n", this.name, "link", "set", this.inside, "up");
    ip("-n", this.name, "link", "set", "lo", "up");
  }

  /** Pulls the plug at the other end: packets go nowhere, and nobody says so. */
  unplug(): void {
    ip("-n", this.name, "link", "set", this.inside, "down");
  }

  plug(): void {
    ip("-n", this.name, "link", "set", this.inside, "up");
  }

  /** Drops the route: this machine itself says that there is no way. */
  dropRoute(): void {
    ip("route", "add", "unreachable", this.address);
  }

  restoreRoute(): void {
    ip("route", "del", "unreachable", this.address);
  }

  stop(): void {
    spawnSync("ip", ["route", "del", "unreachable", this.address]);
    spawnSync("ip", ["netns", "del", this.name]);
    spawnSync("ip", ["link", "del", this.outside]);
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}
