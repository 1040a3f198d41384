import { computed, ref, watch } from "vue";
import { isSamePlace, placeOf } from "../../../../common/secret-place";
import { t } from "../../../shared/i18n";
import { valueAt, valuesOf, type FieldValues } from "../fields/field";
import { useForm } from "../fields/use-form";
import { useStore } from "../settings-store";
import { MASK, type FieldRules, type SettingsAnswer } from "../../settings-protocol";
import { freeName, type Entry } from "./stream-entries";
import { STREAM_FIELDS } from "./stream-fields";

export interface StreamFormProperties {
  /** Absent: a new one. */
  entry?: Entry;
  copy?: boolean;
  entries: readonly Entry[];
}

/** One stream of config.yaml that is added, changed or copied, and how it is saved. */
export function useStreamForm(properties: StreamFormProperties) {
  const store = useStore();
  const config = computed(() => store.config.value as SettingsAnswer);
  const rules = computed<FieldRules>(() => config.value.rules.stream);
  /** The stream that is changed; undefined when one is added, also where it was deleted meanwhile. */
  const original = ref(properties.copy ? undefined : properties.entry?.name);
  const deleted = ref(false);
  const names = computed(() => new Set(properties.entries.map(({ name }) => name)));
  const groups = computed(() =>
    [...new Set(properties.entries.map(({ group }) => group))].filter(Boolean).sort(),
  );

  /** As it stands in the file: what a hidden password in the form's URL stands for. */
  const knownUrl = computed(() => {
    const whose = original.value ?? properties.entry?.name;
    return properties.entries.find(({ name }) => name === whose)?.url ?? "";
  });

  const form = useForm({
    fields: STREAM_FIELDS,
    rules: () => rules.value,
    taken: (name) => name !== original.value && names.value.has(name),
    together,
    prefixes: ["stream.", "streams.0."],
    save,
  });
  const { draft, busy } = form;

  /** A hidden password stays with the host that it was typed for; the server says so too. */
  function together({ url }: FieldValues): Record<string, string> {
    const { value: known } = knownUrl;
    if (typeof url !== "string" || !url.includes(MASK) || url.trim() === known || isSamePlace(url, known))
      return {};
    const place = placeOf(known);
    return {
      url: place === undefined ? t("settings.check.typePassword") : t("settings.check.otherPlace", { place }),
    };
  }

  const startEntry = properties.entry?.written ?? {};
  const startValues = valuesOf(STREAM_FIELDS, (path) => valueAt(startEntry, path), rules.value);
  if (properties.copy)
    startValues.name = freeName(
      t("settings.streams.copyName", { name: startValues.name as string }),
      names.value,
    );
  if (original.value !== undefined) draft.begin(startValues, config.value.revision);
  else draft.beginTyped(emptyValues(), config.value.revision, properties.entry ? startValues : {});

  watch(config, ({ streams, revision, rules: { stream } }) => {
    const now = streams.find((candidate) => String(candidate.name) === original.value);
    if (original.value === undefined) draft.follow(emptyValues(), revision);
    else if (now)
      draft.follow(
        valuesOf(STREAM_FIELDS, (path) => valueAt(now, path), stream),
        revision,
      );
    else if (!busy.value) deleted.value = true;
  });
  function emptyValues(): FieldValues {
    return valuesOf(STREAM_FIELDS, () => undefined, rules.value);
  }
  /** Somebody has deleted or renamed it: what stands in the form becomes a new one. */
  function addAgain(): void {
    original.value = undefined;
    deleted.value = false;
    draft.beginTyped(emptyValues(), config.value.revision, draft.typed);
  }

  async function save(changes: Record<string, unknown>, revision: string): Promise<void> {
    const { value: name } = original;
    if (name !== undefined) {
      await store.edit({ action: "change-stream", name, stream: changes }, revision);
      return;
    }
    const copied = properties.entry && { copy_of: properties.entry.name };
    const stream = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== null));
    if (stream.enabled === true) delete stream.enabled;
    await store.edit({ action: "add-streams", streams: [{ ...stream, ...copied }] }, revision);
  }

  return { store, config, rules, original, deleted, groups, form, addAgain };
}
