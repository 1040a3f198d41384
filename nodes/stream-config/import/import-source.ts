import { isMap } from "yaml";
import { YamlFile } from "../yaml-file";
import { ImportFault } from "./importer";

const MOST_YAML_CHARACTERS = 5 * 1024 * 1024;
/** Deeper than any configuration. */
const MOST_LEVELS = 100;

/** A text that somebody wants to import, read as one thing or another when it is asked for. */
export class ImportSource {
  readonly text: string;
  private data?: { map?: Record<string, unknown>; fault?: string };

  /** @throws ImportFault when it is no text */
  constructor(text: string) {
    this.text = text.replace(/^\uFEFF/, "");
    if (this.text.trim() === "") throw new ImportFault("There is nothing to import: the text is empty.");
    if (/[\u0000-\u0008\u000e-\u001f]/.test(this.text)) {
      throw new ImportFault("This is not a text file: it holds control characters.");
    }
  }

  /** Of the first line that is neither empty nor a comment. */
  get firstLine(): string {
    return /^(?!\s*(?:#|$)).*$/m.exec(this.text.slice(0, 20_000))?.[0] ?? "";
  }

  /** The keys at the top of a YAML or JSON text; undefined when it is neither, or has none. */
  get map(): Record<string, unknown> | undefined {
    return this.read().map;
  }

  /**
   * The same for a text that is known to be meant so.
   * @throws ImportFault
   */
  mapOrFault(): Record<string, unknown> {
    const { map, fault } = this.read();
    if (!map) throw new ImportFault(fault ?? "The text holds no keys.");
    return map;
  }

  private read(): { map?: Record<string, unknown>; fault?: string } {
    this.data ??= this.readOnce();
    return this.data;
  }

  private readOnce(): { map?: Record<string, unknown>; fault?: string } {
    if (!/^\s*[{[]/.test(this.text)) return this.readYaml();
    if (isDeep(this.text)) return { fault: `The text is nested more than ${MOST_LEVELS} levels deep.` };
    return this.readJson() ?? this.readYaml();
  }

  private readJson(): { map: Record<string, unknown> } | undefined {
    try {
      const data: unknown = JSON.parse(this.text);
      return isObject(data) ? { map: data } : undefined;
    } catch {
      // it may still be YAML
      return undefined;
    }
  }

  private readYaml(): { map?: Record<string, unknown>; fault?: string } {
    if (this.text.length > MOST_YAML_CHARACTERS) {
      return {
        fault: `The text is larger than ${MOST_YAML_CHARACTERS / 1024 / 1024} MB: is it the right one?`,
      };
    }
    const yaml = YamlFile.read(this.text);
    if (!(yaml instanceof YamlFile)) {
      const { line, column } = yaml.position;
      return { fault: `The text cannot be read as YAML: line ${line}, column ${column}: ${yaml.message}.` };
    }
    if (!isMap(yaml.root)) return {};
    return { map: yaml.plain(yaml.root, ({ value }) => value) as Record<string, unknown> };
  }
}

/** Brackets outside of texts, which no parser should follow to their end. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (piece === "[" || piece === "{") depth++;
    else if (piece === "]" || piece === "}") depth--;
    if (depth > MOST_LEVELS) return true;
  }
  return false;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The keys of a map that may be none. */
export function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return typeof value === "number" ? String(value) : undefined;
}
