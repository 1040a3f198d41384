import type { Clock } from "../../common/clock";
import type { Outage, StreamState } from "../../contracts/check";
import type { State } from "../../contracts/reasons";
import { OutageGroup, type OutageMember } from "./outage-group";
import { subnetOf } from "./subnet";

/** A host's outage is told a heartbeat and this later: by then it shows whether its whole subnet is down. */
const SETTLE_MS = 5000;

/**
 * Tells when all streams of one host, or of one subnet, are down, so that an alert can say one thing and not forty. It
 * hears each state after it was announced, and delays none. While a subnet is down its hosts are not told of.
 */
export class Outages {
  private readonly members = new Map<string, OutageMember>();
  private readonly groups = new Map<string, OutageGroup>();
  private settleMs = SETTLE_MS;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (outage: Outage) => void,
  ) {}

  stop(): void {
    for (const group of this.groups.values()) this.clock.clearTimeout(group.timer);
  }

  /**
   * Takes a new list of streams.
   * @param heartbeatMs so long it takes until all streams of a subnet are found down
   * @param oldNameOf the name that a stream had until now
   */
  setStreams(
    list: readonly { stream: string; host: string }[],
    heartbeatMs: number,
    oldNameOf: (stream: string) => string,
  ): void {
    this.settleMs = heartbeatMs + SETTLE_MS;
    const before = new Map(this.members);
    const touched = new Set<OutageGroup>();
    this.members.clear();
    for (const { stream, host } of list) {
      const known = before.get(oldNameOf(stream));
      before.delete(oldNameOf(stream));
      const { host: hostGroup, subnet } = this.groupsOf(host);
      const member: OutageMember = { stream, state: known?.state ?? "pending", host: hostGroup, subnet };
      if (known) this.leave(known, touched);
      this.join(member, touched);
      this.members.set(stream, member);
    }
    for (const gone of before.values()) this.leave(gone, touched);
    for (const group of touched) this.judge(group, this.clock.now());
    for (const [key, { members }] of this.groups) if (members.size === 0) this.groups.delete(key);
  }

  /** What was confirmed before this run: outages among it have been told. */
  restore(confirmed: readonly StreamState[]): void {
    const downSince = new Map<OutageGroup, number>();
    for (const { stream, state, since } of confirmed) {
      const member = this.members.get(stream);
      if (member?.state !== "pending" || state === "unknown") continue;
      for (const group of groupsOf(member)) {
        group.change(member, state);
        if (state === "down") downSince.set(group, Math.max(since, downSince.get(group) ?? 0));
      }
      member.state = state;
    }
    const told = [...downSince].filter(([group]) => group.isDownAsFarAsKnown);
    for (const [group, at] of told) {
      group.downAt ??= at;
      if (group.kind === "subnet" || !told.some(([other]) => other === group.subnet))
        group.told ??= group.outage();
    }
  }

  /** A state was announced. @param at since when, in epoch milliseconds */
  observe(stream: string, state: State, at: number): void {
    const member = this.members.get(stream);
    if (!member || member.state === state) return;
    for (const group of groupsOf(member)) group.change(member, state);
    member.state = state;
    // the larger one first: it speaks for its hosts
    for (const group of groupsOf(member)) this.judge(group, at);
  }

  private judge(group: OutageGroup, at: number): void {
    if (group.downAt === undefined && group.isDown) this.begin(group, at);
    else if (group.downAt !== undefined && group.isOver) this.end(group, at);
  }

  private begin(group: OutageGroup, at: number): void {
    group.downAt = at;
    if (group.subnet && group.subnet.hosts > 1) this.announceLater(group);
    else this.announce(group);
  }

  private announce(group: OutageGroup): void {
    group.told = group.outage();
    this.tell(group.told);
  }

  private announceLater(group: OutageGroup): void {
    this.clock.clearTimeout(group.timer);
    group.timer = this.clock.setTimeout(() => {
      if (group.subnet?.told === undefined) this.announce(group);
    }, this.settleMs);
  }

  private end(group: OutageGroup, at: number): void {
    const { told } = group;
    this.clock.clearTimeout(group.timer);
    group.downAt = undefined;
    group.told = undefined;
    if (!told) return;
    this.tell({ ...told, event: "ended", at, durationMs: Math.max(0, at - told.at) });
    // hosts that stay down when the others are back speak for themselves
    const hosts = new Set([...group.members].map(({ host }) => host));
    for (const host of hosts) {
      if (host !== group && host.downAt !== undefined && !host.told && !host.isOver) this.announceLater(host);
    }
  }

  private groupsOf(host: string): { host: OutageGroup; subnet?: OutageGroup } {
    const network = subnetOf(host);
    const subnet =
      network === undefined
        ? undefined
        : this.group(`subnet ${network}`, () => new OutageGroup("subnet", network));
    const key = `host ${host.toLowerCase()}`;
    return { host: this.group(key, () => new OutageGroup("host", host, subnet)), subnet };
  }

  private group(key: string, make: () => OutageGroup): OutageGroup {
    const known = this.groups.get(key);
    if (known) return known;
    const group = make();
    this.groups.set(key, group);
    return group;
  }

  private join(member: OutageMember, touched: Set<OutageGroup>): void {
    for (const group of groupsOf(member)) touched.add(group.add(member));
  }

  private leave(member: OutageMember, touched: Set<OutageGroup>): void {
    for (const group of groupsOf(member)) touched.add(group.remove(member));
  }
}

function groupsOf({ host, subnet }: OutageMember): OutageGroup[] {
  return subnet ? [subnet, host] : [host];
}
