import { computed, ref, watch } from "vue";
import { said, t } from "../../../shared/i18n";
import { RequestError } from "../../../shared/widget-socket";
import type { FieldRules } from "../../settings-protocol";
import { asSentence, problemText } from "../problem-text";
import { useStore } from "../settings-store";
import { useUnsaved } from "../unsaved";
import { checkField } from "./check-field";
import { useDraft } from "./draft";
import { fromField, type Field, type FieldValues } from "./field";

export interface FormOptions {
  fields: readonly Field[];
  rules: () => FieldRules;
  taken?: (name: string) => boolean;
  /** What is wrong with fields that do not go together, by path. */
  together?: (typed: FieldValues) => Record<string, string>;
  /** Saves what was typed. */
  save: (changes: Record<string, unknown>, revision: string) => Promise<unknown>;
  /** In front of the paths in the server's answers: `settings.`, `stream.`. */
  prefixes: readonly string[];
}

/** A form over keys of config.yaml: what was typed, what is wrong with it, and the way it is saved. */
export function useForm({ fields, rules, taken, together, save, prefixes }: FormOptions) {
  const store = useStore();
  const draft = useDraft();
  const busy = ref(false);
  const problem = ref<string | null>(null);
  const told = ref<Record<string, string>>({});
  const tried = ref(false);
  useUnsaved(() => draft.dirty.value);

  const disagreements = computed(() => together?.(draft.typed) ?? {});
  const faults = computed(() => {
    const found: Record<string, string> = {};
    for (const field of fields) {
      const fault = checkField(field, draft.typed[field.path] ?? "", rules(), taken);
      if (fault !== null) found[field.path] = fault;
    }
    return { ...disagreements.value, ...found };
  });
  /** What is shown at the fields: what is wrong with what was typed, and what the server said. */
  const errors = computed(() => {
    const shown = Object.entries(faults.value).filter(([path]) => tried.value || draft.isChanged(path));
    return { ...told.value, ...disagreements.value, ...Object.fromEntries(shown) };
  });

  for (const { path } of fields) {
    watch(
      () => draft.typed[path],
      () => delete told.value[path],
    );
  }

  function changes(all = false): Record<string, unknown> {
    const wanted = fields.filter(({ path }) => all || draft.isChanged(path));
    return Object.fromEntries(
      wanted.map((field) => [field.path, fromField(field, draft.typed[field.path] ?? "")]),
    );
  }

  /** @returns whether it is saved */
  async function submit(all = false): Promise<boolean> {
    tried.value = true;
    problem.value = null;
    if (Object.keys(faults.value).length > 0) return false;
    busy.value = true;
    try {
      await saveOver(all);
      tried.value = false;
      return true;
    } catch (error) {
      tell(error);
      return false;
    } finally {
      busy.value = false;
    }
  }

  /** Once more where the file has changed meanwhile, but nothing that this form shows. */
  async function saveOver(all: boolean): Promise<void> {
    const { value: revision } = draft.revision;
    try {
      await save(changes(all), revision);
    } catch (error) {
      const isStale = error instanceof RequestError && error.code === "changed_meanwhile";
      if (!isStale || draft.news.value || draft.revision.value === revision) throw error;
      await save(changes(all), draft.revision.value);
    }
  }

  function tell(error: unknown): void {
    const { fields: all, field, message } = error as RequestError;
    const places = all ?? (field ? [{ field, message }] : []);
    let elsewhere = places.length === 0;
    for (const { field: place, message } of places) {
      const path = pathOf(place);
      if (path === undefined) elsewhere = true;
      else told.value[path] ??= asSentence(said(message.replace(`${place}: `, "")));
    }
    problem.value = elsewhere ? problemText(error) : t("settings.problem.fields");
  }

  function pathOf(place: string): string | undefined {
    const prefix = prefixes.find((prefix) => place.startsWith(prefix)) ?? "";
    const path = place.slice(prefix.length);
    return fields.find((field) => field.path === path || path.startsWith(`${field.path}.`))?.path;
  }

  return { store, draft, busy, problem, told, errors, faults, tried, changes, submit, tell };
}

export type Form = ReturnType<typeof useForm>;
