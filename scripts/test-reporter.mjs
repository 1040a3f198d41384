// What a test file says of itself: each failure at once, because a file that hangs never comes to its end, then what
// was skipped and why, and at its end a line of counts for test.mjs.
import { inspect } from "node:util";

export const COUNTS = /^counts: (\d+) passed, (\d+) skipped$/m;

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === "test:fail") yield failure(data);
    else if (type === "test:pass" && typeof data.skip === "string") yield `- ${data.name} (${data.skip})\n`;
    else if (type === "test:diagnostic" && /^(Error|Warning):/.test(data.message)) yield `${data.message}\n`;
    else if (type === "test:summary")
      yield `counts: ${data.counts.passed} passed, ${data.counts.skipped} skipped\n`;
  }
}

function failure({ name, file, line, details: { error } }) {
  if (error.failureType === "subtestsFailed") return "";
  return `✖ ${name} (${file}:${line})\n${inspect(error.cause ?? error).replaceAll(/^/gm, "  ")}\n`;
}
