import { maskSecrets } from "../../common/masked-secrets";
import type { Rename } from "../../common/renames";
import type { Edit, ImportFormat } from "../../contracts/edits";
import type { Service } from "../../contracts/settings";
import { applyChange, isEmptyChange, type ConfigChange } from "./edit/config-change";
import { EditFault } from "./edit/edit-fault";
import { newErrors } from "./edit/new-errors";
import { placesByName, planEdit } from "./edit/plan-edit";
import { planImport, type ImportOptions } from "./edit/plan-import";
import { UneditableError } from "./edit/yaml-places";
import type { Environment } from "./environment";
import { writeCsv } from "./import/csv";
import type { Imported } from "./import/importer";
import { parseConfig, type ParsedConfig } from "./parse-config";
import { formatProblem, type Problem } from "./problem";
import { KnownEntries } from "./read-streams";

/** `streams` and `settings` as JSON: cheap to hand over, to compare with those of before, and to keep unchanged. */
export interface ConfigText {
  /** Undefined when the file has no list of streams. */
  streams?: { json: string; count: number };
  settings: string;
  problems: Problem[];
  hiddenProblems: number;
}

export type ReadAnswer = ConfigText | { fatal: Problem };

/** What stands in the file, secrets masked. */
export interface ViewAnswer {
  streams: Record<string, unknown>[];
  settings: Record<string, unknown>;
  problems: Problem[];
  hiddenProblems: number;
}

/** What an edit comes to. */
export interface EditOutcome {
  status: number;
  /** Of the answer, but for the revision. */
  payload: Record<string, unknown>;
  /** Unset: the file stays as it is. */
  saved?: { text: string; config: ConfigText; renames: Rename[]; forget: string[] };
  restart?: Service;
}

/** A request that is refused, as it is answered. */
export interface Refusal {
  refused: { status: number; error: EditFault["answer"] };
}

/**
 * All that is done with the text of a config.yaml, in the thread that does it. Remembers the entries that it has read,
 * so that a change costs as much as it changes.
 */
export class ConfigDesk {
  private readonly known = new KnownEntries();

  constructor(private readonly env: Environment) {}

  read(text: string): ReadAnswer {
    const parsed = this.parse(text);
    return "fatal" in parsed ? parsed : configText(parsed);
  }

  /** @param stream the only one that is wanted */
  view(text: string, stream?: string): ViewAnswer | Refusal {
    return orRefusal(() => {
      const { written, problems, hiddenProblems } = this.readable(text);
      const view = { settings: masked(written.settings), problems, hiddenProblems };
      const index = stream === undefined ? undefined : (placesByName(written).get(stream) ?? -1);
      const entries = index === undefined ? written.entries : written.entries.slice(index, index + 1);
      if (index === -1) throw new EditFault(404, "stream_not_found", "There is no stream of this name.");
      return { ...view, streams: entries.flatMap((entry) => (entry.written ? [masked(entry.written)] : [])) };
    });
  }

  /** The list of streams as a table, secrets masked. */
  csv(text: string): { csv: string } | Refusal {
    const view = this.view(text);
    return "refused" in view ? view : { csv: writeCsv(view.streams) };
  }

  edit(text: string, edit: Edit): EditOutcome | Refusal {
    return orRefusal(() => {
      const before = this.readable(text);
      const { change, status, answer, renamed = [], forget = [], restart } = planEdit(edit, before, this.env);
      const outcome = this.change(text, before, change);
      const after = outcome?.after ?? before;
      const renames = renamed.flatMap((index): Rename[] => {
        const from = before.written.entries[index]?.stream?.name;
        const to = after.written.entries[index]?.stream?.name;
        return from === undefined || to === undefined || from === to ? [] : [{ from, to }];
      });
      const saved = outcome && { text: outcome.text, config: configText(after), renames, forget };
      return { status, payload: answer(after), saved, restart };
    });
  }

  import(
    text: string,
    imported: Imported & { format: ImportFormat },
    options: ImportOptions & { apply: boolean },
  ): EditOutcome | Refusal {
    return orRefusal(() => {
      const before = this.readable(text);
      const { plan, outcome } = this.planImport(text, before, imported, options);
      const saved = outcome &&
        options.apply && { text: outcome.text, config: configText(outcome.after), renames: [], forget: [] };
      return { status: 200, payload: { ...plan.answer, applied: options.apply }, saved: saved || undefined };
    });
  }

  /** Settings that do not go together with those here stay away; the streams come. */
  private planImport(
    text: string,
    before: ParsedConfig,
    imported: Imported & { format: ImportFormat },
    options: ImportOptions,
  ) {
    try {
      const plan = planImport(imported, before, options, this.env);
      return { plan, outcome: this.change(text, before, plan.change) };
    } catch (error) {
      if (!(error instanceof EditFault) || !options.settings || !imported.settings) throw error;
      const without = planImport(imported, before, { ...options, settings: false }, this.env);
      without.answer.skipped.push({ name: "settings", reason: `are left as they are: ${error.message}` });
      return { plan: without, outcome: this.change(text, before, without.change) };
    }
  }

  /**
   * Makes the change and reads what came of it.
   * @returns undefined when nothing changes
   * @throws EditFault when the outcome is worse than what was there
   */
  private change(
    text: string,
    before: ParsedConfig,
    change: ConfigChange,
  ): { text: string; after: ParsedConfig } | undefined {
    if (isEmptyChange(change)) return undefined;
    const noList = before.problems.find(({ place, severity }) => place === "streams" && severity === "error");
    if (before.streams === undefined && noList) {
      throw new EditFault(
        409,
        "unreadable",
        `${formatProblem("config.yaml", noList)}; nothing is changed until that is mended.`,
      );
    }
    const changed = applyChange(text, before.written, change);
    const after = this.parse(changed);
    if ("fatal" in after)
      throw new EditFault(409, "cannot_edit", `This cannot be saved: ${after.fatal.message}.`);
    const errors = newErrors(before, after, change);
    if (errors.length > 0) throw EditFault.ofFields(errors);
    return { text: changed, after };
  }

  /** @throws EditFault when the file cannot be read: then it is not written to either */
  private readable(text: string): ParsedConfig {
    const parsed = this.parse(text);
    if (!("fatal" in parsed)) return parsed;
    throw new EditFault(
      409,
      "unreadable",
      `${formatProblem("config.yaml", parsed.fatal)}; nothing is changed until that is mended.`,
    );
  }

  private parse(text: string) {
    return parseConfig(text, this.env, this.known);
  }
}

function orRefusal<T>(work: () => T): T | Refusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof EditFault) return { refused: { status: error.status, error: error.answer } };
    if (!(error instanceof UneditableError)) throw error;
    const message =
      "This place of the file is written in a way that cannot be changed from here without touching more than was meant (anchors, aliases or unusual line breaks): change it in a text editor.";
    return { refused: { status: 409, error: { code: "cannot_edit", message } } };
  }
}

function configText({ streams, settings, problems, hiddenProblems }: ParsedConfig): ConfigText {
  return {
    streams: streams && { json: JSON.stringify(streams), count: streams.length },
    settings: JSON.stringify(settings),
    problems,
    hiddenProblems,
  };
}

function masked(entry: Record<string, unknown>): Record<string, unknown> {
  return maskSecrets(entry) as Record<string, unknown>;
}
