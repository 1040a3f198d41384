import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import ts from "typescript";
import { parseStreamUrl } from "../../common/stream-url";
import type * as ProberModule from "../../nodes/stream-probe/probers";
import { answering, withCamera } from "../support/scripted-camera";
import { projectRoot } from "../support/fixtures";
import { testNetwork } from "../support/probing";
import { temporaryFolder } from "../support/temporary-folder";
import { documentNamed } from "./documents";

const PROBERS = path.join("nodes", "stream-probe", "probers");

/** The sources that a prober needs, with the file and the line of CONTRIBUTING.md. @returns the folder */
function sourcesWithNewFormat(folder: string): string {
  for (const name of ["common", "contracts", PROBERS, path.join("nodes", "stream-probe", "picture")]) {
    cpSync(path.join(projectRoot, name), path.join(folder, name), { recursive: true });
  }
  cpSync(path.join(projectRoot, "tsconfig.json"), path.join(folder, "tsconfig.json"));
  cpSync(path.join(projectRoot, "package.json"), path.join(folder, "package.json"));
  symlinkSync(path.join(projectRoot, "node_modules"), path.join(folder, "node_modules"), "junction");
  const [file, line] = documentNamed("CONTRIBUTING.md").blocks.filter(({ language }) => language === "ts");
  assert.ok(file && line);
  writeFileSync(path.join(folder, PROBERS, "y4m.ts"), file.text);
  const formats = path.join(folder, PROBERS, "http-formats.ts");
  const before = readFileSync(formats, "utf8");
  const changed = before.replace(/^const FORMATS = .*\n/m, line.text);
  assert.notEqual(changed, before);
  writeFileSync(formats, `import { y4m } from "./y4m";\n${changed}`);
  return folder;
}

/** Compiles as the build does. @returns what the compiler has against it */
function compile(folder: string): string[] {
  const { config } = ts.readConfigFile(path.join(folder, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.parseJsonConfigFileContent(
    { compilerOptions: config.compilerOptions, files: [] },
    ts.sys,
    folder,
  );
  const program = ts.createProgram([path.join(folder, PROBERS, "index.ts")], {
    ...options,
    ...{ outDir: path.join(folder, "dist"), rootDir: folder, incremental: false, tsBuildInfoFile: undefined },
  });
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
    ({ file, messageText }) =>
      `${path.basename(file?.fileName ?? "")}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  );
}

describe("the prober that CONTRIBUTING.md adds", () => {
  it("is one file and one line, and judges streams", async (t) => {
    const folder = sourcesWithNewFormat(temporaryFolder(t));
    assert.deepEqual(compile(folder), []);
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { PROBERS: probers } = require(
      path.join(folder, "dist", PROBERS, "index.js"),
    ) as typeof ProberModule;

    const verdict = async (body: Buffer, level: "handshake" | "media" = "media") => {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`;
      const answer = Buffer.concat([Buffer.from(head), body]);
      let found = {};
      await withCamera(
        answering(() => answer),
        async (camera) => {
          const result = await probers.http.probe(
            {
              url: parseStreamUrl(camera.url("/live.y4m", "http://")),
              ...{ level, timeoutMs: 3500, transport: "tcp", tlsVerify: false, withholdCredentials: false },
            },
            testNetwork(),
          );
          found =
            "notMade" in result
              ? result
              : { reason: result.reason, message: result.message, media: result.media };
        },
      );
      return found;
    };
    const picture = (bytes: number) =>
      Buffer.concat([Buffer.from("YUV4MPEG2 W64 H48 F25:1\nFRAME\n"), Buffer.alloc(bytes)]);
    const media = { codec: "rawvideo", width: 64, height: 48 };
    assert.deepEqual(await verdict(picture((64 * 48 * 3) / 2)), { reason: "ok", message: "HTTP 200", media });
    assert.deepEqual(await verdict(picture(4607)), {
      reason: "no_media",
      message: "HTTP 200, but the picture breaks off",
      media: undefined,
    });
    assert.deepEqual(await verdict(Buffer.from("YUV4MPEG2 W9998 H9998\nFRAME\n...")), {
      reason: "too_large",
      message: "HTTP 200, but a picture has 149940034 bytes",
      media: undefined,
    });
    assert.deepEqual(await verdict(Buffer.from("some other text\n")), {
      reason: "not_a_stream",
      message: "HTTP 200, but it is application/octet-stream",
      media: undefined,
    });
    assert.deepEqual(await verdict(picture(1), "handshake"), {
      reason: "ok",
      message: "HTTP 200",
      media: undefined,
    });
  });
});
