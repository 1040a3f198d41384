// Writes what of docs/ is made from contracts/: config.schema.json, CONFIG.md and REASONS.md. With --check it writes
// nothing and ends with exit code 1 when one of them is not as it would be written.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import settings from "../dist/contracts/settings.js";
import stream from "../dist/contracts/stream.js";
import { reasonsReference } from "./reasons-docs.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const REFERENCE = "\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}";

const schema = settings.settingsSchema
  .omit({ handshake_timeout_ms: true })
  .extend({ streams: z.array(stream.streamSchema).describe("What is watched.") });

const plain = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });

/**
 * What the file may hold beside what is meant: a value may be read from the environment, a name may look like a
 * number, and a key with nothing behind it is a key that is not set.
 */
function tolerant(name, { description, default: usual, ...rest }, isRequired) {
  const forms = (rest.anyOf ?? [rest]).filter(({ type }) => type !== "null").map(tolerantForm);
  const isText = forms.some(({ type, enum: words }) => type === "string" && !words);
  const isPlain = forms.every(({ type }) => type !== "object" && type !== "array");
  if (isPlain && !isText) forms.push({ type: "string", pattern: REFERENCE });
  if (name === "name") forms.push({ type: "number" });
  if (!isRequired) forms.push({ type: "null" });
  const value = forms.length === 1 ? forms[0] : { anyOf: forms };
  return { ...(description && { description }), ...(usual !== undefined && { default: usual }), ...value };
}

function tolerantForm(form) {
  if (form.items?.properties) return { ...form, items: tolerantForm(form.items) };
  if (!form.properties) return form;
  const properties = Object.entries(form.properties).map(([name, key]) => [
    name,
    tolerant(name, key, form.required?.includes(name) ?? false),
  ]);
  return { ...form, properties: Object.fromEntries(properties) };
}

function jsonSchema() {
  // without a list of streams those of before stay, so that no key is needed at the top
  const { $schema, required: _required, ...form } = tolerantForm({ ...plain, required: [] });
  return `${JSON.stringify({ $schema, title: "config.yaml of StreamPulse", ...form }, null, 2)}\n`;
}

/** "2 to 3600", "tcp, udp", "true, false". */
function rangeOf(key) {
  const { type, anyOf, enum: words, minimum, maximum, maxLength } = key;
  if (anyOf) {
    const values = anyOf.filter((form) => form.type !== "null");
    return values.every((form) => "const" in form)
      ? values.map((form) => form.const).join(", ")
      : rangeOf(values[0]);
  }
  if (words) return words.join(", ");
  if (type === "boolean") return "true, false";
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (maxLength !== undefined) return `at most ${maxLength} characters`;
  return "";
}

function table(keys, skipped = []) {
  const rows = Object.entries(keys)
    .filter(([name]) => !skipped.includes(name))
    .map(([name, key]) => {
      const usual = key.default === undefined ? "" : `\`${key.default}\``;
      return `| \`${name}\` | ${usual} | ${rangeOf(key)} | ${key.description ?? ""} |`;
    });
  return ["| key | default | values | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function reference() {
  const { probe, retention, mqtt, streams, ...top } = plain.properties;
  const sections = ["probe", "retention", "mqtt", "streams"];
  return `# config.yaml

All keys, made from the schemas that read them by \`npm run docs\`. The file is \`config.yaml\` in the data folder, or
what \`CFG_PATH\` names; the first start makes one that explains every key. A change is live within three seconds.

A wrong entry or key is left out alone, with its line in the log and in \`/healthz\`; a file that is no YAML is refused
whole, and the last good settings stay. Keys that nobody knows are kept. \`\${NAME}\` in a value is read from the
environment; \`$\${\` stands for \`\${\` itself.

## In an editor

[config.schema.json](config.schema.json) says the same as this page for editors (VS Code with its YAML extension, and others that use
yaml-language-server). A \`config.yaml\` that was made by the first start names it in its first line:

\`\`\`yaml
# yaml-language-server: $schema=config.schema.json
\`\`\`

At every start the schema of the running version is put beside a \`config.yaml\` that begins with that line. Add it to a file of
your own to complete and check keys there too.

## At the top

${table(top, sections)}

## streams

${streams.description} A list; only \`name\` and \`url\` are needed.

${table(streams.items.properties)}

## probe

${probe.description}

${table(probe.properties)}

## retention

${retention.description}

${table(retention.properties)}

## mqtt

${mqtt.description} The port that counts depends on \`use_tls\` and \`use_websocket\`. A newly made file sets
\`per_stream\` and \`discovery\`.

${table(mqtt.properties)}

## Environment variables

An empty variable counts as not set. Those of the container's own compose file are in
[INSTALL.md](INSTALL.md#docker).

| variable | default | meaning |
| --- | --- | --- |
| \`STREAMPULSE_DATA\` | \`data\` | The data folder; \`/host\` in the container. |
| \`STREAMPULSE_API_PORT\` | \`7000\` | The port of the status API. 0 takes any free one. |
| \`STREAMPULSE_GUI_PORT\` | \`8000\` | The port of the dashboard. |
| \`STREAMPULSE_EDITOR_PORT\` | \`1880\` | The port of the flow editor. |
| \`STREAMPULSE_BIND\` | \`127.0.0.1\` | The address of all three; \`0.0.0.0\` in the container. |
| \`STREAMPULSE_ADMIN_PASSWORD\` |  | The password of \`admin\`. It wins over a chosen one, and cannot be changed on the page. |
| \`STREAMPULSE_API_TOKEN\` |  | Closes the status API: it then wants \`Authorization: Bearer\` with this token, which may read only. |
| \`STREAMPULSE_TRUST_PROXY\` | \`false\` | \`true\` behind a [reverse proxy](INSTALL.md#behind-a-reverse-proxy) of your own that ends TLS. |
| \`STREAMPULSE_GUI_URL\` |  | Where people open the dashboard when that is another address. Only the log says it. |
| \`STREAMPULSE_WATCHDOG_SECONDS\` | \`30\` | The process is ended, and started again, when its event loop has not turned for so long. 0: never. |
| \`STREAMPULSE_LOG_LEVEL\` | \`info\` | \`error\`, \`warn\`, \`info\`, \`debug\` or \`trace\`. |
| \`CFG_PATH\`, \`DB_PATH\` |  | As in v2.2: \`config.yaml\` and \`streams.db\` elsewhere than in the data folder. |
| \`RTSP_TIMEOUT\`, \`MJPEG_TIMEOUT\` |  | As in v2.2: the timeouts of handshakes by RTSP and by HTTP, in seconds. \`timeout_ms\` in the file wins. |
| \`FFPROBE_PATH\`, \`FFMPEG_PATH\` |  | The programs, where they are not on the PATH. |

In your own Node-RED only the last three rows count, and the data folder is \`streampulse\` in the userDir.

## When it is saved by the dashboard or over HTTP

Only what was changed is touched: comments, order, quotes, anchors, line ends and \`\${NAME}\` stay. The file is replaced
in one step (through a link, its target; in place where it is a mount of its own), keeps its mode and owner, and the last
five versions are beside it as \`config.yaml.1\` to \`.5\`. What somebody has changed on the disk meanwhile is never lost.
A place that cannot be changed without touching more, such as a value with an anchor that others use, is left to a text
editor, and the answer says so.
`;
}

/** As prettier would, which the build checks. */
async function formatted(file, text) {
  const prettier = await import("prettier");
  const options = await prettier.resolveConfig(path.join(root, file));
  return prettier.format(text, { ...options, filepath: file });
}

const files = {
  "docs/config.schema.json": jsonSchema(),
  "docs/CONFIG.md": reference(),
  "docs/REASONS.md": reasonsReference(),
};
const isCheck = process.argv.includes("--check");
let stale = false;
for (const [file, raw] of Object.entries(files)) {
  const text = await formatted(file, raw);
  const target = path.join(root, file);
  if (!isCheck) {
    writeFileSync(target, text);
    continue;
  }
  let present;
  try {
    present = readFileSync(target, "utf8");
  } catch {
    present = undefined;
  }
  if (present === text) continue;
  stale = true;
  console.error(`${file} is not current: run npm run docs`);
}
process.exit(stale ? 1 : 0);
