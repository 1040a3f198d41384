/** When a stream is due: fixed-rate slots at a phase of its own, so that nothing drifts and nothing piles up. */

/** Streams that are new come this far apart, so that ten are seen at once and ten thousand fill a heartbeat. */
const FIRST_CHECK_SPACING_MS = 10;
const GOLDEN_RATIO = 0.6180339887498949;

/** The n-th stream's place in a heartbeat, 0 to 1: evenly spread at every number of streams. */
export function phaseOf(n: number): number {
  return (n * GOLDEN_RATIO) % 1;
}

/** How long a stream waits for its first check, among so many that are new with it. */
export function firstDelayMs(phase: number, newStreams: number, heartbeatMs: number): number {
  return phase * Math.min(heartbeatMs, newStreams * FIRST_CHECK_SPACING_MS);
}

/** The first slot of the stream after a time; slots are at `phase` of each heartbeat. */
export function slotAfter(timeMs: number, phase: number, heartbeatMs: number): number {
  const offsetMs = phase * heartbeatMs;
  return (Math.floor((timeMs - offsetMs) / heartbeatMs) + 1) * heartbeatMs + offsetMs;
}
