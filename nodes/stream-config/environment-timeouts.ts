import { settingsSchema, type Settings } from "../../contracts/settings";
import type { Reading } from "./read-keys";

/** v2.2's variables, in seconds, and the protocol that each was for. */
const VARIABLES = { rtsp: "RTSP_TIMEOUT", http: "MJPEG_TIMEOUT" } as const;

/** v2.2's timeouts from the environment, in milliseconds; undefined when none is set. */
export function readTimeouts({
  env,
  problems,
}: Pick<Reading, "env" | "problems">): Settings["handshake_timeout_ms"] {
  const timeouts: Record<string, number> = {};
  for (const [protocol, variable] of Object.entries(VARIABLES)) {
    const text = env[variable]?.trim() ?? "";
    if (text === "") continue;
    const milliseconds = Math.round(Number(text) * 1000);
    if (settingsSchema.shape.handshake_timeout_ms.safeParse({ [protocol]: milliseconds }).success) {
      timeouts[protocol] = milliseconds;
      continue;
    }
    problems.add({
      place: variable,
      message: `the environment variable ${variable} must be a number of seconds from 0.5 to 60; it is ignored`,
      severity: "warning",
    });
  }
  return Object.keys(timeouts).length === 0 ? undefined : timeouts;
}
