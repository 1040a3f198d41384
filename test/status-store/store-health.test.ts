import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreHealth } from "../../nodes/status-store/store-health";
import type { StoreStats } from "../../nodes/status-store/store-messages";
import { NOW } from "./support";

const HOUR = 3_600_000;
const STATS: StoreStats = {
  ...{ kind: "stats", checksStored: 7, queued: 2, dropped: 0, lastCommitAt: NOW - 5 },
  ...{ databaseBytes: 4096, schemaVersion: 3, written: 0, failure: null, notices: [], maintenance: null },
};

describe("StoreHealth", () => {
  it("names a lost database for a day, and one that comes in only among the details", () => {
    const health = new StoreHealth();
    const notices = [
      { text: "It was imported.", isLoss: false, at: NOW },
      { text: "It was broken.", isLoss: true, at: NOW },
    ];
    health.take({ ...STATS, notices });
    assert.deepEqual(health.report(NOW, true).problems, ["It was broken."]);
    assert.deepEqual(health.report(NOW + 24 * HOUR, true).problems, []);
    assert.deepEqual(health.report(NOW, true).details, {
      ...{ checksStored: 7, queued: 2, dropped: 0, unnamed: 0, lastCommitAgoMs: 5 },
      ...{ databaseBytes: 4096, schemaVersion: 3, maintenance: null },
      movedFiles: ["It was imported.", "It was broken."],
    });
  });

  it("counts over the deaths of threads, and runs only with one", () => {
    const health = new StoreHealth();
    health.take({ ...STATS, dropped: 1 });
    health.loseThread("Error: x\n  at y", 500);
    const dead = health.report(NOW, true);
    assert.equal(dead.running, false);
    assert.deepEqual(dead.problems, [
      "The store's thread died and is started again in 500 ms: Error: x",
      "3 checks could not be stored and are missing in the history.",
    ]);
    health.beginThread();
    health.take(STATS);
    const again = health.report(NOW, true);
    assert.equal(again.running, true);
    assert.equal(again.details.checksStored, 14);
  });
});
