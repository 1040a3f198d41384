import { ACCOUNT } from "./account-operations";
import { CONFIGURATION } from "./configuration-operations";
import { MONITORING } from "./monitoring-operations";
import type { Operations } from "./operation";

/** Everything that the two public ports answer. */
export const OPERATIONS = combined(MONITORING, CONFIGURATION, ACCOUNT);

/** A path is read by one part and written to by another. */
function combined(...parts: Operations[]): Operations {
  const all: Operations = {};
  for (const [path, methods] of parts.flatMap((part) => Object.entries(part))) {
    all[path] = { ...all[path], ...methods };
  }
  return all;
}
