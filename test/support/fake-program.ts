import { writeFileSync } from "node:fs";
import path from "node:path";

/**
 * A program in a file of its own that runs this JavaScript, unless it is asked for its version.
 * `args` are its arguments; `note(line)` appends a line to the file beside it that ends in `.notes`.
 */
export function fakeProgram(folder: string, name: string, script: string, version = "6.1"): string {
  const file = path.join(folder, name);
  const code = `#!${process.execPath}
const args = process.argv.slice(2);
const note = (line) => require("node:fs").appendFileSync(${JSON.stringify(`${file}.notes`)}, line + "\\n");
if (args[0] === "-version") { note("version"); console.log("${name} version ${version} Copyright"); }
else { ${script} }
`;
  writeFileSync(file, code, { mode: 0o755 });
  return file;
}
