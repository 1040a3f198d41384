import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { describe, it } from "node:test";
import { Failure } from "../../../common/camera/failure";
import { Resolver } from "../../../common/camera/resolver";
import { FakeClock, settle } from "../../support/fake-clock";

const ADDRESS: LookupAddress[] = [{ address: "10.0.0.5", family: 4 }];
const NEW_ADDRESS: LookupAddress[] = [{ address: "10.0.0.6", family: 4 }];

/** A name server whose answers a test gives by hand. */
class NameServer {
  readonly questions: { host: string; answer(addresses: LookupAddress[]): void; fail(code: string): void }[] =
    [];
  readonly ask = (host: string) =>
    new Promise<LookupAddress[]>((resolve, reject) => {
      this.questions.push({
        host,
        answer: resolve,
        fail: (code) => reject(Object.assign(new Error(code), { code })),
      });
    });
}

describe("the resolver", () => {
  it("takes an address as it is", async () => {
    const server = new NameServer();
    const resolver = new Resolver(new FakeClock(), server.ask);
    assert.deepEqual(await resolver.resolve("10.0.0.5"), ADDRESS);
    assert.deepEqual(await resolver.resolve("::1"), [{ address: "::1", family: 6 }]);
    assert.equal(server.questions.length, 0);
  });

  it("asks once for many streams of one host, and again after half a minute", async () => {
    const clock = new FakeClock();
    const server = new NameServer();
    const resolver = new Resolver(clock, server.ask);
    const both = Promise.all([resolver.resolve("cam"), resolver.resolve("cam")]);
    server.questions[0]?.answer(ADDRESS);
    assert.deepEqual(await both, [ADDRESS, ADDRESS]);
    await clock.advance(29_000);
    await resolver.resolve("cam");
    assert.equal(server.questions.length, 1);
    await clock.advance(2000);
    // the old answer is good while the new one is fetched
    assert.deepEqual(await resolver.resolve("cam"), ADDRESS);
    assert.equal(server.questions.length, 2);
    server.questions[1]?.answer(NEW_ADDRESS);
    await settle();
    assert.deepEqual(await resolver.resolve("cam"), NEW_ADDRESS);
  });

  it("keeps what it knew when the name server fails, but not when the name is gone", async () => {
    const clock = new FakeClock();
    const server = new NameServer();
    const resolver = new Resolver(clock, server.ask);
    const first = resolver.resolve("cam");
    server.questions[0]?.answer(ADDRESS);
    await first;
    await clock.advance(31_000);
    await resolver.resolve("cam");
    server.questions[1]?.fail("EAI_AGAIN");
    await settle();
    assert.deepEqual(await resolver.resolve("cam"), ADDRESS);
    await clock.advance(31_000);
    await resolver.resolve("cam");
    server.questions[2]?.fail("ENOTFOUND");
    await settle();
    const gone = await resolver.resolve("cam");
    assert.ok(gone instanceof Failure);
    assert.deepEqual([gone.reason, gone.message], ["dns_failed", "cam could not be resolved (ENOTFOUND)"]);
  });

  it("asks no more than two questions at once, and one silent answer blocks only its own name", async () => {
    const server = new NameServer();
    const resolver = new Resolver(new FakeClock(), server.ask);
    const third = ["a", "b", "c"].map((host) => resolver.resolve(host))[2];
    await settle();
    assert.deepEqual(
      server.questions.map(({ host }) => host),
      ["a", "b"],
    );
    server.questions[1]?.answer(ADDRESS);
    await settle();
    server.questions[2]?.answer(ADDRESS);
    assert.deepEqual(await third, ADDRESS);
  });

  it("forgets the names that no stream uses", async () => {
    const server = new NameServer();
    const resolver = new Resolver(new FakeClock(), server.ask);
    const first = resolver.resolve("cam");
    server.questions[0]?.answer(ADDRESS);
    await first;
    resolver.keepOnly(new Set(["other"]));
    void resolver.resolve("cam");
    assert.equal(server.questions.length, 2);
  });
});
