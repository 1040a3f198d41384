import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, type TestContext } from "node:test";

/** A new folder that goes when the test ends; without a test, when the suite or file does that asks for it. */
export function temporaryFolder(test?: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "streampulse-test-"));
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (test) test.after(remove);
  else after(remove);
  return folder;
}
