import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { logLine } from "../log-handler";
import { LIMIT, STOP, TICKS, type WatchdogTask } from "./watchdog";

/** The thread of the watchdog. It is blocked all the time, so that it needs no turn of any loop. */

const ROUND_MS = 1000;
const ERROR_LEVEL = 20;

function watch({ shared }: WatchdogTask): void {
  let seen = Atomics.load(shared, TICKS);
  // Rounds and not the clock: where the whole process was frozen (a paused container, a machine that slept), the
  // clock would have gone on, and neither thread.
  let silentRounds = 0;
  while (seen !== STOP) {
    const turned = Atomics.wait(shared, TICKS, seen, ROUND_MS) !== "timed-out";
    seen = Atomics.load(shared, TICKS);
    silentRounds = turned ? 0 : silentRounds + 1;
    const limitSeconds = Atomics.load(shared, LIMIT);
    if (silentRounds * ROUND_MS >= limitSeconds * 1000) end(limitSeconds);
  }
}

function end(limitSeconds: number): void {
  const msg =
    `The event loop has not turned for ${limitSeconds} s: something in a flow holds it up for ever, such as a function ` +
    "node with an endless loop. This process is ended so that it is started again (STREAMPULSE_WATCHDOG_SECONDS).";
  try {
    // the loop that would write for console.log is the one that hangs
    writeSync(1, `${logLine({ level: ERROR_LEVEL, msg })}\n`);
  } catch {
    // nobody reads the log: ending is what matters
  }
  // no handler of a signal that can be handled would ever run
  process.kill(process.pid, "SIGKILL");
}

watch(workerData as WatchdogTask);
