import type { FormStream } from "../common/form-streams";
import type { NumberLimits } from "../common/field-check";

/** As much of Node-RED's editor as the forms use. */
declare global {
  const RED: { i18n: { lang(): string } };
  const $: EditorQuery;
  /** What the forms may hold, from the schemas of contracts/; put in by the build. */
  const STREAMPULSE_RULES: EditorRules;
}

/** jQuery, with the editor's own widgets. */
interface EditorQuery {
  (target: string | Element): {
    editableList(options: EditableListOptions): void;
    editableList(action: "addItem", data: Partial<FormStream>): void;
    editableList(action: "height", pixels: number): void;
  };
  /** Sends the editor's token along. */
  ajax(request: { url: string; method: string; contentType: string; data: string; timeout: number }): {
    done(hear: (answer: unknown) => void): { fail(hear: (failed: FailedRequest) => void): void };
  };
}

export interface FailedRequest {
  status: number;
  statusText: string;
  responseJSON?: unknown;
}

export interface EditableListOptions {
  addButton: string;
  sortable: boolean;
  removable: boolean;
  addItem(row: { 0: HTMLElement }, index: number, data: Partial<FormStream>): void;
  removeItem(data: Partial<FormStream>): void;
}

/** By the path of config.yaml, or of a form: `probe.timeout_ms`, `preview.most_at_once`. */
export interface EditorRules {
  numbers: Record<string, NumberLimits>;
  defaults: Record<string, string | number | boolean>;
}

/** A node while its form is open. */
export interface EditedNode {
  id: string;
  _(key: string, values?: Record<string, string | number>): string;
  _def: { defaults: Record<string, { validate?: Validator }> };
  /** `url_3`: as somebody typed it, before a deploy; `has_url_3`: there is one. */
  credentials?: Record<string, unknown>;
}

/** Called by the editor, with the value of the field; a text says what is wrong. */
export interface Validator {
  (this: unknown, value: unknown, options?: unknown): true | string;
  limits?: NumberLimits;
  /** What counts where nothing is typed. */
  usual?: string;
}
