import path from "node:path";

/** The repository, as seen from the compiled tests in dist/test/. */
export const PROJECT_ROOT = path.resolve(__dirname, "../../..");

export function fixture(...parts: string[]): string {
  return path.join(PROJECT_ROOT, "test", "fixtures", ...parts);
}
