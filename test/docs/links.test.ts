import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { readdirSync } from "node:fs";
import { projectRoot } from "../support/fixtures";
import { DOCUMENTS, documentNamed, exists, FOLDERS, sourceFiles } from "./documents";

const INDEX = "docs/README.md";
/** What CONTRIBUTING.md adds, and what stands for any node. */
const NOT_THERE = /^(y4m\.ts|nodes\/x\/.*)$/;
const IN_A_FOLDER = new RegExp(`^(\\.ci|${FOLDERS.join("|")})/`);

/** Where a link leads, from the root of the project. */
const resolve = (from: string, target: string) =>
  path.posix.normalize(path.posix.join(path.posix.dirname(from), target));

describe("the documents", () => {
  for (const { name, links } of DOCUMENTS) {
    it(`${name}: its links lead to something`, () => {
      for (const { line, target } of links) {
        if (/^https?:/.test(target)) continue;
        const [file = "", anchor] = target.split("#");
        const to = file === "" ? name : resolve(name, file);
        assert.ok(exists(to), `${name}:${line}: there is no ${to}`);
        if (anchor === undefined) continue;
        assert.ok(documentNamed(to).anchors.has(anchor), `${name}:${line}: ${to} has no heading #${anchor}`);
      }
    });
  }

  it("are all found from README.md by the index, which names nothing else", () => {
    const listed = documentNamed(INDEX).links.map(({ target }) => resolve(INDEX, target));
    const others = DOCUMENTS.map(({ name }) => name).filter(
      (name) => name !== INDEX && !["README.md", "SECURITY.md"].includes(name),
    );
    assert.deepEqual([...listed].sort(), others.sort());
    assert.ok(documentNamed("README.md").links.some(({ target }) => target === INDEX));
    assert.ok(documentNamed("SECURITY.md").links.some(({ target }) => target === "docs/SECURITY.md"));
  });

  it("name only files and folders that are there", () => {
    const files = sourceFiles();
    for (const { name, spans } of DOCUMENTS) {
      for (const { line, text } of spans) {
        const where = `${name}:${line}: there is no ${text}`;
        if (NOT_THERE.test(text)) continue;
        if (IN_A_FOLDER.test(text) && !/[ *<…]/.test(text)) assert.ok(exists(text), where);
        else if (/^[\w/-]+\.(ts|mjs|vue)$/.test(text)) {
          assert.ok(
            files.some((file) => file.endsWith(`/${text}`)),
            where,
          );
        }
      }
    }
  });

  it("show the house as it is", () => {
    const [tree] = documentNamed("docs/ARCHITECTURE.md").blocks;
    const shown: string[] = [];
    let above = "";
    for (const line of (tree?.text ?? "").split("\n")) {
      const [, indent = "", folder] = /^( *)([\w-]+)\/(?: |$)/.exec(line) ?? [];
      if (folder === undefined) continue;
      if (indent === "") above = folder;
      const whole = indent === "" ? folder : `${above}/${folder}`;
      assert.ok(exists(whole), whole);
      shown.push(whole);
    }
    const nodes = readdirSync(path.join(projectRoot, "nodes")).map((name) => `nodes/${name}`);
    assert.deepEqual(
      [...FOLDERS, ...nodes].filter((name) => !shown.includes(name)),
      [],
    );
  });
});
