import type { Outage } from "../../contracts/check";
import type { State } from "../../contracts/reasons";

/** One stream, as far as outages go. */
export interface OutageMember {
  readonly stream: string;
  /** As it was announced last. */
  state: State;
  readonly host: OutageGroup;
  readonly subnet?: OutageGroup;
}

/**
 * The streams of one host or of one subnet, counted. Those that are paused count as absent. One that is not known yet lets
 * no outage begin, and ends none.
 */
export class OutageGroup {
  readonly members = new Set<OutageMember>();
  /** All are down since then. */
  downAt?: number;
  /** What was told of it. */
  told?: Outage;
  /** Until it is told. */
  timer?: unknown;
  private down = 0;
  private answering = 0;
  private absent = 0;

  /** @param name the host as the URLs write it, or the subnet */
  constructor(
    readonly kind: Outage["kind"],
    private readonly name: string,
    readonly subnet?: OutageGroup,
  ) {}

  get isDown(): boolean {
    return this.down + this.absent === this.members.size && this.isDownAsFarAsKnown;
  }

  get isDownAsFarAsKnown(): boolean {
    return this.down > 1 && this.answering === 0 && (this.kind === "host" || this.hosts > 1);
  }

  get isOver(): boolean {
    return this.answering > 0 || this.down === 0;
  }

  /** Hosts with streams that are watched. */
  get hosts(): number {
    const hosts = new Set<OutageGroup>();
    for (const { state, host } of this.members) if (state !== "paused") hosts.add(host);
    return hosts.size;
  }

  add(member: OutageMember): this {
    this.members.add(member);
    this.count(member.state, 1);
    return this;
  }

  remove(member: OutageMember): this {
    if (this.members.delete(member)) this.count(member.state, -1);
    return this;
  }

  /** Before the member's own state is changed. */
  change(member: OutageMember, to: State): void {
    this.count(member.state, -1);
    this.count(to, 1);
  }

  /** The outage that has begun. */
  outage(): Outage {
    const streams = [...this.members].filter(({ state }) => state === "down").map(({ stream }) => stream);
    return { kind: this.kind, event: "began", host: this.name, streams, at: this.downAt ?? 0 };
  }

  private count(state: State, by: 1 | -1): void {
    if (state === "down") this.down += by;
    else if (state === "up" || state === "degraded") this.answering += by;
    else if (state === "paused") this.absent += by;
  }
}
