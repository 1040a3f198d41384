import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../support/fixtures";

/** A fenced block of a document. */
export interface Block {
  /** `docs/API.md#status`: the document, and the heading that it stands below. */
  place: string;
  line: number;
  /** `sh`, `yaml` …; empty when none is named. */
  language: string;
  text: string;
}

/** Text between backticks, outside blocks. */
export interface Span {
  place: string;
  line: number;
  text: string;
}

export interface Link {
  line: number;
  target: string;
}

export interface Document {
  /** From the root of the project, with slashes. */
  name: string;
  blocks: Block[];
  spans: Span[];
  links: Link[];
  anchors: Set<string>;
  /** Rows of tables, without their heads: the cells as they are written, and what they stand below. */
  rows: { place: string; line: number; cells: string[] }[];
}

const markdownOf = (folder: string) =>
  readdirSync(path.join(projectRoot, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.posix.join(folder, name));

/** What people read. bench/RESULTS.md is written by the bench. */
export const DOCUMENTS: readonly Document[] = [...markdownOf("."), ...markdownOf("docs")].map(readDocument);

export function documentNamed(name: string): Document {
  const found = DOCUMENTS.find((document) => document.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

/** Files whose comments tell people what to type. */
export const COMMENTED = ["docker-compose.yml", ...examplesWithComments()];

function examplesWithComments(): string[] {
  return readdirSync(path.join(projectRoot, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ya?ml|conf|service)$/.test(name))
    .map((name) => path.posix.join("examples", name.replaceAll(path.sep, "/")));
}

export function readText(name: string): string {
  return readFileSync(path.join(projectRoot, name), "utf8");
}

function readDocument(name: string): Document {
  const document: Document = { name, blocks: [], spans: [], links: [], anchors: new Set(), rows: [] };
  const lines = readText(name).split("\n");
  let heading = "";
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index] as string;
    const line = index + 1;
    const place = heading === "" ? name : `${name}#${heading}`;
    const fence = /^( *)```(\w*)$/.exec(text);
    if (fence) {
      const [, indent = "", language = ""] = fence;
      const end = lines.indexOf(`${indent}\`\`\``, index + 1);
      if (end < 0) throw new Error(`${name}:${line}: the block has no end`);
      const inner = lines.slice(index + 1, end).map((row) => row.slice(indent.length));
      document.blocks.push({ place, line, language, text: `${inner.join("\n")}\n` });
      index = end;
      continue;
    }
    const title = /^#+ (.*)$/.exec(text)?.[1];
    if (title !== undefined) document.anchors.add((heading = anchorOf(title)));
    if (/^ *\|/.test(text) && /^ *\|[ :|-]+$/.test(lines[index - 1] ?? "")) {
      for (let row = index; /^ *\|/.test(lines[row] ?? ""); row++) {
        document.rows.push({ place, line: row + 1, cells: cellsOf(lines[row] as string) });
      }
    }
    for (const [, span = ""] of text.matchAll(/`([^`]+)`/g)) document.spans.push({ place, line, text: span });
    const prose = text.replaceAll(/`[^`]*`/g, (code) => "x".repeat(code.length));
    for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) document.links.push({ line, target });
  }
  return document;
}

/** As the usual pages of Git make it of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

function cellsOf(row: string): string[] {
  return row
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split("|")
    .map((cell) => cell.trim());
}

/** The first piece of code of a cell. */
export const codeIn = (cell: string | undefined) => /`([^`]+)`/.exec(cell ?? "")?.[1];
/** All of them. */
export const codesIn = (cell: string | undefined) =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

export function blocksOf(language: string): Block[] {
  return DOCUMENTS.flatMap(({ blocks }) => blocks.filter((block) => block.language === language));
}

export function exists(name: string): boolean {
  return existsSync(path.join(projectRoot, name));
}

/** The folders of the project, without what is made or is the user's. */
export const FOLDERS: readonly string[] = (() => {
  const ignored = new Set(
    readText(".gitignore")
      .split("\n")
      .map((line) => line.replaceAll("/", "")),
  );
  return readdirSync(projectRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !ignored.has(entry.name))
    .map(({ name }) => name);
})();
/** Those with source in them. */
export const SOURCES = FOLDERS.filter((name) => !["docs", "examples", "flows"].includes(name));
const SOURCE_FILE = /\.(ts|mjs|vue|sh|html|py)$/;

/** Paths of all source files, with slashes. */
export function sourceFiles(folders: readonly string[] = SOURCES): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => SOURCE_FILE.test(name))
      .map((name) => path.posix.join(folder, name.replaceAll(path.sep, "/"))),
  );
}
