import { systemClock } from "../../common/clock";
import { silentLogger } from "../../common/logger";
import { Store } from "../../nodes/status-store/store";
import { check, settings, stream, transition } from "./support";

/**
 * Records checks into the file named on the command line until it is killed. Every 50 ms it writes a line: how many
 * checks it handed over so far, how many of them the store says are committed, and the time.
 */

const file = process.argv[2] ?? "";
const names = Array.from({ length: 50 }, (_, index) => `Camera ${index}`);
const store = new Store({ file, clock: systemClock, logger: silentLogger });
store.start();
store.whenRead(() => {
  store.setStreams({ payload: names.map((name) => stream(name)), settings: settings() });
  let sent = 0;
  let { lastSeq } = store.confirmed();
  setInterval(() => {
    const at = Date.now();
    store.recordChecks(names.slice(0, 25).map((name) => check(name, { at })));
    sent += 25;
    lastSeq++;
    const isDown = lastSeq % 2 === 0;
    const [from, to, reason] = isDown
      ? (["up", "down", "timeout"] as const)
      : (["down", "up", "ok"] as const);
    const name = names[lastSeq % 7]!;
    store.recordTransition(transition(name, { seq: lastSeq, from, to, reason, at }));
    const { checksStored } = store.health().details;
    process.stdout.write(`${JSON.stringify({ sent, stored: checksStored, at })}\n`);
  }, 50);
});
