import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";

/** The name by which the first line of config.yaml finds it. */
export const EDITOR_SCHEMA = "config.schema.json";
const FIRST_LINE = `# yaml-language-server: $schema=${EDITOR_SCHEMA}`;
const PACKAGED = path.resolve(__dirname, "../../../docs", EDITOR_SCHEMA);

/**
 * Puts the JSON schema of this version beside a config.yaml whose first line asks for it, so that editors complete its
 * keys. It is a comfort: where it cannot be written, everything else goes on.
 *
 * @returns why it is not there; undefined when all is well
 */
export async function placeEditorSchema(file: string): Promise<string | undefined> {
  try {
    if (!(await beginsWith(file, FIRST_LINE))) return undefined;
    const target = path.join(path.dirname(file), EDITOR_SCHEMA);
    const schema = await readFile(PACKAGED, "utf8");
    if ((await readFile(target, "utf8").catch(() => undefined)) !== schema) await replace(target, schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function beginsWith(file: string, text: string): Promise<boolean> {
  // a pipe would keep us waiting
  if (!(await stat(file)).isFile()) return false;
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(text.length), 0, text.length, 0);
    return buffer.toString("latin1", 0, bytesRead) === text;
  } finally {
    await handle.close();
  }
}

async function replace(target: string, text: string): Promise<void> {
  const draft = `${target}.${randomUUID()}.new`;
  try {
    await writeFile(draft, text, { flag: "wx" });
    await rename(draft, target);
  } finally {
    await rm(draft, { force: true });
  }
}
