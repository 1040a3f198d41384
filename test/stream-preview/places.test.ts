import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Places, type PlaceRequest } from "../../nodes/stream-preview/places";
import { Refusal } from "../../nodes/stream-preview/refusal";
import { FakeClock, settle } from "../support/fake-clock";

function request(host: string, more: Partial<PlaceRequest> = {}): PlaceRequest {
  return { host, mostPerHost: 2, purpose: "preview", signal: new AbortController().signal, ...more };
}

/** Asks for a place, and notes when it comes or is refused. */
function asking(places: Places, wanted: PlaceRequest) {
  const asked = { said: "waits", release: () => {} };
  void places.take(wanted).then((place) => {
    asked.said = place instanceof Refusal ? `${place.code}: ${place.message}` : "has it";
    if (!(place instanceof Refusal)) asked.release = place;
  });
  return asked;
}

describe("places", () => {
  it("are so many in all, and the next one comes when one is given back", async () => {
    const places = new Places(new FakeClock(), 2);
    const [a, b, c] = ["a", "b", "c"].map((host) => asking(places, request(host)));
    await settle();
    assert.deepEqual([a?.said, b?.said, c?.said], ["has it", "has it", "waits"]);
    a?.release();
    await settle();
    assert.equal(c?.said, "has it");
  });

  it("are so many for a host, and a full one holds up no other", async () => {
    const clock = new FakeClock();
    const places = new Places(clock, 4);
    const one = { mostPerHost: 1 };
    const first = asking(places, request("cam", one));
    const second = asking(places, request("cam", one));
    const other = asking(places, request("other", one));
    await settle();
    assert.deepEqual([first.said, second.said, other.said], ["has it", "waits", "has it"]);
    await clock.advance(5000);
    assert.equal(
      second.said,
      "busy: cam is being watched by as many as it may (1): close another preview, or raise probe.max_per_host.",
    );
    first.release();
    await settle();
    assert.equal(clock.pending, 0);
  });

  it("go to people first, and to snapshots only half of them", async () => {
    const clock = new FakeClock();
    const places = new Places(clock, 3);
    const snapshot = { purpose: "snapshot" } as const;
    const taken = ["a", "b"].map((host) => asking(places, request(host, snapshot)));
    const third = asking(places, request("c", snapshot));
    const preview = asking(places, request("d"));
    const late = asking(places, request("e"));
    await settle();
    assert.deepEqual(
      [...taken, third, preview, late].map(({ said }) => said),
      ["has it", "has it", "waits", "has it", "waits"],
    );
    taken[0]?.release();
    await settle();
    assert.deepEqual([third.said, late.said], ["waits", "has it"]);
    await clock.advance(5000);
    assert.match(third.said, /^busy: 3 streams are being shown already: /);
  });

  it("are waited for no longer than somebody wants one", async () => {
    const clock = new FakeClock();
    const places = new Places(clock, 1);
    const first = asking(places, request("a"));
    const gone = new AbortController();
    const second = asking(places, request("b", { signal: gone.signal }));
    const third = asking(places, request("c", { signal: AbortSignal.abort() }));
    await settle();
    gone.abort();
    await settle();
    assert.deepEqual([second.said.split(":")[0], third.said.split(":")[0]], ["ended", "ended"]);
    first.release();
    assert.equal(clock.pending, 0);
  });

  it("given back two at once are given away once each", async () => {
    const places = new Places(new FakeClock(), 2);
    const first = [asking(places, request("a")), asking(places, request("b"))];
    const waiting = ["c", "d", "e"].map((host) => asking(places, request(host)));
    await settle();
    for (const { release } of first) release();
    await settle();
    assert.deepEqual(
      waiting.map(({ said }) => said),
      ["has it", "has it", "waits"],
    );
  });
});
