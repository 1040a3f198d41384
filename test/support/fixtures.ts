import { readFileSync } from "node:fs";
import path from "node:path";

/** The root of the project, seen from the compiled tests. */
export const projectRoot = path.resolve(__dirname, "../../..");

export function fixture(...names: string[]): string {
  return path.join(projectRoot, "test", "fixtures", ...names);
}

/** A self-signed certificate for camera.test and 127.0.0.1, as cameras have them. */
export function certificate(name: "valid" | "expired"): { key: Buffer; cert: Buffer } {
  const read = (part: string) => readFileSync(fixture("tls", `${name}.${part}.pem`));
  return { key: read("key"), cert: read("cert") };
}
