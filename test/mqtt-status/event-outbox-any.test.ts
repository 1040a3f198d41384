import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Transition } from "../../contracts";
import { EventOutbox } from "../../nodes/mqtt-status/event-outbox";
import { FakeClock, settle } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";
import { FakeLink, transition } from "./support";

type Step =
  | { do: "happen"; times: number }
  | { do: "store" | "online" | "restart" }
  /** How many of what is under way have arrived when the connection is lost, and how many of these were confirmed. */
  | { do: "offline"; arrived: number; confirmed: number }
  | { do: "confirm"; times: number }
  | { do: "pass"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("happen" as const), times: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constantFrom("store" as const, "online" as const, "restart" as const) }),
  fc.record({ do: fc.constant("offline" as const), arrived: fc.nat(64), confirmed: fc.nat(64) }),
  fc.record({ do: fc.constant("confirm" as const), times: fc.integer({ min: 1, max: 64 }) }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 6000 }) }),
);

/** What a store that works needs at most; then the outbox waits no longer for it. */
const LATEST_WRITE_MS = 4000;

/** A probe, a store that writes late, a broker that comes and goes, and who listens to it. */
class World {
  readonly clock = new FakeClock();
  readonly heard: number[] = [];
  private link?: FakeLink;
  /** How much of `link.sent` whoever listens has heard. */
  private arrived = 0;
  private outbox?: EventOutbox;
  private readonly written: Transition[] = [];
  private unwritten: Transition[] = [];
  private unwrittenSince = 0;
  private delivered?: number;
  seq = 0;

  begin(): void {
    this.outbox = new EventOutbox({
      ...{ clock: this.clock, logger: new RecordingLogger(), topic: "events", consumer: "me" },
      payloadOf: ({ seq }) => String(seq),
      ask: (parameters) => {
        // who asks for the first time has missed nothing
        this.delivered ??= this.written.at(-1)?.seq ?? 0;
        const after = (parameters.after as number | undefined) ?? this.delivered;
        const transitions = this.written.slice(after, after + (parameters.limit as number));
        return Promise.resolve(JSON.stringify({ transitions, delivered: this.delivered, lastSeq: this.seq }));
      },
      delivered: (seq) => (this.delivered = Math.max(seq, this.delivered ?? 0)),
      onPublished: () => {},
    });
    this.outbox.start();
  }

  async take(step: Step): Promise<void> {
    if (step.do === "happen") for (let i = 0; i < step.times; i++) this.happen();
    else if (step.do === "store") this.write();
    else if (step.do === "online") this.online();
    else if (step.do === "restart") this.restart();
    else if (step.do === "offline") this.offline(step.arrived, step.confirmed);
    else if (step.do === "confirm") this.confirm(step.times);
    else if (step.do === "pass") await this.pass(step.ms);
    await settle();
  }

  async untilAllIsTold(): Promise<void> {
    this.write();
    this.online();
    for (let i = 0; i < 1000 && !(this.heard.at(-1) === this.seq && this.delivered === this.seq); i++) {
      this.confirm(64);
      await this.clock.advance(1000);
    }
    this.outbox?.stop();
  }

  private happen(): void {
    const change = transition(++this.seq, "Gate", { at: this.clock.now() });
    if (this.unwritten.length === 0) this.unwrittenSince = this.clock.now();
    this.unwritten.push(change);
    this.outbox?.receive(change);
  }

  private async pass(ms: number): Promise<void> {
    const writesAfter = this.unwrittenSince + LATEST_WRITE_MS - this.clock.now();
    if (this.unwritten.length > 0 && ms > writesAfter) {
      await this.clock.advance(writesAfter);
      this.write();
      await this.clock.advance(ms - writesAfter);
    } else await this.clock.advance(ms);
  }

  private write(): void {
    this.written.push(...this.unwritten);
    this.unwritten = [];
  }

  private online(): void {
    if (this.link) return;
    this.link = new FakeLink();
    this.link.confirms = false;
    this.arrived = 0;
    this.outbox?.online(this.link);
  }

  private offline(arrived: number, confirmed: number): void {
    const { link } = this;
    if (!link) return;
    this.confirm(confirmed);
    this.arrive(arrived);
    this.link = undefined;
    this.outbox?.offline();
    for (const { reject } of link.waiting) reject(new Error("Connection closed"));
  }

  /** The node is made anew; the broker may have more than it has confirmed. */
  private restart(): void {
    this.arrive(64);
    this.link = undefined;
    this.outbox?.stop();
    this.begin();
  }

  private confirm(times: number): void {
    const { link } = this;
    if (!link) return;
    const some = link.waiting.splice(0, times);
    this.arrive(Math.max(0, link.sent.length - link.waiting.length - this.arrived));
    for (const { resolve } of some) resolve();
  }

  private arrive(times: number): void {
    const { link } = this;
    if (!link) return;
    const some = link.sent.slice(this.arrived, this.arrived + times);
    this.arrived += some.length;
    this.heard.push(...some.map(({ payload }) => Number(payload)));
  }
}

describe("the outbox of events, whatever happens", () => {
  it("loses nothing, and tells nothing new out of its order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World();
        world.begin();
        await settle();
        for (const one of steps) await world.take(one);
        await world.untilAllIsTold();
        let newest = 0;
        for (const seq of world.heard) {
          assert.ok(seq <= newest + 1, `${seq} came after ${newest}`);
          newest = Math.max(newest, seq);
        }
        assert.equal(newest, world.seq);
      }),
      { numRuns: 60 },
    );
  });
});
