import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { REASONS } from "../../contracts/reasons";
import { OPERATIONS } from "../../runtime/openapi/operations";
import { readEnvironment, type RuntimeOptions } from "../../runtime/paths";
import {
  codeIn,
  codesIn,
  COMMENTED,
  DOCUMENTS,
  documentNamed,
  readText,
  sourceFiles,
  SOURCES,
} from "./documents";

const PRODUCT = SOURCES.filter((name) => name !== "bench" && name !== "test");
const DEPLOYMENT = [...COMMENTED, "Dockerfile", ".ci/run"];

const spans = DOCUMENTS.flatMap(({ spans }) => spans);
const sourceText = sourceFiles().map(readText).join("\n");
const productText = [...sourceFiles(PRODUCT), ...DEPLOYMENT].map(readText).join("\n");

describe("the environment variables of the documents", () => {
  const documented = new Set(
    spans.flatMap(({ text }) => /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=.*)?$/.exec(text)?.[1] ?? []),
  );
  const table = documentNamed("docs/CONFIG.md").rows.filter(({ place }) =>
    place.endsWith("#environment-variables"),
  );

  it("are all that the product and its tests read", () => {
    const read = new Set([
      ...[...productText.matchAll(/(?:env\.|["'`{$])(STREAMPULSE_[A-Z0-9_]+)\b/g)].map(
        ([, name = ""]) => name,
      ),
      ...[
        ...sourceText.matchAll(/process\.env\.(STREAMPULSE_(?!TEST_)[A-Z0-9_]+)\s*(?:;|,|\)|\|\||\?\?)/g),
      ].map(([, name = ""]) => name),
    ]);
    assert.ok(read.size > 15);
    assert.deepEqual(
      [...read].filter((name) => !documented.has(name)),
      [],
    );
    const inTable = table.flatMap(({ cells }) => codesIn(cells[0]));
    const hosts = /^STREAMPULSE_HOST_/;
    const ofTests = /^STREAMPULSE_(?:DOCKER_ENGINE|WITHOUT_DOCKER|NODE_22|SCREENSHOTS)$/;
    for (const name of read) {
      if (!hosts.test(name) && !ofTests.test(name))
        assert.ok(inTable.includes(name), `${name} stands in CONFIG.md`);
    }
  });

  it("are read somewhere", () => {
    const everything = [
      sourceText,
      ...DEPLOYMENT.map(readText),
      readText("node_modules/node-red/red.js"),
    ].join("\n");
    for (const name of documented) {
      const program = /^(FFPROBE|FFMPEG)_PATH$/.exec(name)?.[1]?.toLowerCase();
      const isRead = program
        ? everything.includes("`${name.toUpperCase()}_PATH`") && everything.includes(`"${program}"`)
        : new RegExp(`\\b${name}\\b`).test(everything);
      assert.ok(isRead, name);
    }
  });

  it("have the defaults that they say", () => {
    const options = readEnvironment({}, "/");
    const known: Record<string, keyof RuntimeOptions> = {
      STREAMPULSE_DATA: "dataDir",
      STREAMPULSE_API_PORT: "apiPort",
      STREAMPULSE_GUI_PORT: "guiPort",
      STREAMPULSE_EDITOR_PORT: "editorPort",
      STREAMPULSE_BIND: "bind",
      STREAMPULSE_TRUST_PROXY: "trustProxy",
      STREAMPULSE_WATCHDOG_SECONDS: "watchdogSeconds",
      STREAMPULSE_LOG_LEVEL: "logLevel",
    };
    const shown = table.flatMap(({ cells }) =>
      codeIn(cells[1]) === undefined ? [] : [[codeIn(cells[0]), codeIn(cells[1])]],
    );
    assert.deepEqual(
      shown,
      Object.entries(known).map(([name, key]) => [
        name,
        String(options[key]).replace(/^(?:[A-Z]:)?[\\/]/, ""),
      ]),
    );
  });
});

/** `/snapshot/:name.jpg` is the route of `/snapshot/:name`, whose name ends so. */
const routeIn = (place: string) => place.replaceAll(/:(\w+)/g, "{$1}").replace(/\.jpg$/, "");

describe("docs/API.md", () => {
  it("has every operation, and none that there is not", () => {
    const documented = documentNamed("docs/API.md").rows.flatMap(({ cells }) =>
      codesIn(cells[0]).flatMap((code) => (/^(GET|POST|PUT|DELETE) \/\S*$/.test(code) ? routeIn(code) : [])),
    );
    const operations = Object.entries(OPERATIONS).flatMap(([place, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${routeIn(place)}`),
    );
    assert.ok(operations.length > 35);
    assert.deepEqual([...documented].sort(), operations.sort());
  });

  it("names the parameters of each", () => {
    for (const { line, cells } of documentNamed("docs/API.md").rows) {
      const [, method = "", place = ""] =
        /^(GET|POST|PUT|DELETE) (\/\S*)$/.exec(codeIn(cells[0]) ?? "") ?? [];
      const methods = Object.entries(OPERATIONS).find(([route]) => routeIn(route) === routeIn(place))?.[1];
      const operation = methods?.[method.toLowerCase() as keyof typeof methods];
      for (const name of Object.keys(operation?.query ?? {})) {
        assert.match(cells.slice(1).join(), new RegExp(`\\b${name}\\b`), `docs/API.md:${line}: ${name}`);
      }
    }
  });
});

describe("docs/REASONS.md", () => {
  it("has every reason, with its state, what to do and what v2.2 said", () => {
    const rows = documentNamed("docs/REASONS.md").rows.filter(({ cells }) => cells.length === 5);
    const expected = Object.entries(REASONS).map(([code, { state, text, advice, v22 }]) => [
      ...[state, `\`${code}\``, text, advice, v22.rtsp, v22.http],
    ]);
    const found = rows.map(({ place, cells }) => [/#(up|degraded|down)-/.exec(place)?.[1], ...cells]);
    const byCode = (rows: (string | undefined)[][]) =>
      [...rows].sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1));
    assert.deepEqual(byCode(found), byCode(expected));
  });

  it("is the only place of codes that there are", () => {
    const inTable = documentNamed("docs/API.md").spans.filter(({ text }) => text in REASONS);
    assert.ok(inTable.length > 0);
    const named = spans.filter(
      ({ text, place }) =>
        /^(auth|connect|dns|tls|wrong|no|not)_[a-z]+$/.test(text) && !place.startsWith("docs/API.md"),
    );
    for (const { place, line, text } of named) {
      const isKnown = text in REASONS || /tls_(verify|port|insecure|ws_port)|wrong_origin/.test(text);
      assert.ok(isKnown, `${place} (line ${line}): ${text}`);
    }
  });
});

describe("docs/NODES.md", () => {
  const { rows } = documentNamed("docs/NODES.md");

  it("has every node of the package", () => {
    const { "node-red": nodeRed } = JSON.parse(readText("package.json")) as { "node-red": { nodes: object } };
    const [first] = rows.map(({ cells }) => cells.length);
    const nodes = rows.filter(({ cells }) => cells.length === first).map(({ cells }) => codeIn(cells[0]));
    assert.deepEqual([...nodes].sort(), Object.keys(nodeRed.nodes).sort());
  });

  it("has every message, and none that there is not", () => {
    const documented = new Set(
      rows.filter(({ cells }) => cells.length === 4).flatMap(({ cells }) => codesIn(cells[0])),
    );
    const contracts = sourceFiles(["contracts"]).map(readText).join("\n");
    const topics = new Set([
      ...[...contracts.matchAll(/topic: (?:z\.literal\()?"([a-z-]+)"/g)].map(([, topic = ""]) => topic),
      ...[...contracts.matchAll(/topic: z\.enum\(\[([^\]]+)\]/g)].flatMap(([, list = ""]) =>
        [...list.matchAll(/"([a-z]+)"/g)].map(([, topic = ""]) => topic),
      ),
    ]);
    assert.ok(topics.size > 8);
    assert.deepEqual(
      [...topics].filter((topic) => !documented.has(topic)),
      [],
    );
    for (const topic of documented) assert.ok(productText.includes(`"${topic}"`), topic);
  });
});

describe("docs/TROUBLESHOOTING.md", () => {
  /** As the sources write them: literals joined, and what they put in as …. */
  const said = sourceFiles(PRODUCT)
    .map((name) =>
      readText(name)
        .replaceAll(/["'`]\s*\+\s*["'`]/g, "")
        .replaceAll('\\"', '"'),
    )
    .join("\n");
  const quoted = documentNamed("docs/TROUBLESHOOTING.md").rows.flatMap(({ line, cells }) =>
    [...codesIn(cells[0]), ...codesIn(cells[2]).filter((code) => code.includes("…"))].map((text) => ({
      line,
      text,
    })),
  );

  it("quotes what the product says", () => {
    assert.ok(quoted.length > 35);
    for (const { line, text } of quoted) {
      if (text === "config.yaml:12:5: …") continue;
      if (/^[a-z_]+$/.test(text)) {
        assert.ok(said.includes(`"${text}"`), `line ${line}: ${text}`);
        continue;
      }
      const pieces = text
        .split("…")
        .map((piece) => piece.trim())
        .filter((piece) => piece.length > 3);
      assert.ok(pieces.length > 0, text);
      for (const piece of pieces) assert.ok(said.includes(piece), `line ${line}: nothing says "${piece}"`);
    }
  });
});
