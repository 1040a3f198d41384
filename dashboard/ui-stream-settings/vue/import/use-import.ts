import { computed, ref, shallowRef, watch } from "vue";
import { textOfBytes } from "../../../../common/text-of-bytes";
import type { ImportAnswer, ImportFormat } from "../../../../contracts/edits";
import { t } from "../../../shared/i18n";
import { RequestError } from "../../../shared/widget-socket";
import type { ImportRequest } from "../../settings-protocol";
import { problemText } from "../problem-text";
import { useStore } from "../settings-store";
import { bulkTable } from "./bulk-lines";

const MOST_BYTES = 10 * 1024 * 1024;
const IMPORT_MS = 90_000;

/** One row of the preview. */
export interface PreviewRow {
  kind: "added" | "changed" | "skipped";
  name: string;
  /** The URL, the keys that change, or why it is left out. */
  text: string;
  place: number;
}

/** A text on its way into config.yaml: chosen, looked at, applied. */
export function useImport() {
  const store = useStore();
  const pasted = ref("");
  const file = shallowRef<{ name: string; text: string }>();
  const format = ref<ImportFormat | "">("");
  const preview = shallowRef<ImportAnswer>();
  const rows = shallowRef<PreviewRow[]>([]);
  const left = ref(new Set<string>());
  const withSettings = ref(true);
  const busy = ref(false);
  const problem = ref<string | null>(null);
  const applied = shallowRef<{ added: number; changed: number }>();

  // what is applied is what was looked at
  watch([pasted, format], dropPreview);

  /** Something would be lost. */
  const dirty = computed(() => file.value !== undefined || pasted.value.trim() !== "");
  const names = computed(() => rows.value.filter(({ kind }) => kind !== "skipped").map(({ name }) => name));
  const chosen = computed(() => names.value.filter((name) => !left.value.has(name)));
  const settings = computed(() => Object.entries(preview.value?.settings ?? {}));

  async function take(given: File | undefined): Promise<void> {
    if (busy.value) return;
    problem.value = null;
    forget();
    if (!given) return;
    if (given.size > MOST_BYTES) {
      problem.value = t("settings.import.tooLarge", { name: given.name });
      return;
    }
    file.value = { name: given.name, text: textOfBytes(await given.arrayBuffer()) };
    await look();
  }

  function request(apply: boolean): ImportRequest {
    const text = file.value?.text ?? pasted.value;
    const table = format.value === "" || format.value === "csv" ? bulkTable(text) : undefined;
    return {
      text: table ?? text,
      format: table === undefined ? format.value || undefined : "csv",
      apply,
      ...(apply && {
        names: chosen.value,
        settings: withSettings.value,
        revision: preview.value?.revision,
      }),
    };
  }

  async function run(apply: boolean): Promise<ImportAnswer | undefined> {
    busy.value = true;
    problem.value = null;
    try {
      return await store.ask<ImportAnswer>("import", request(apply), IMPORT_MS);
    } catch (error) {
      problem.value = problemText(error);
      // what was shown is not what would come now
      if (error instanceof RequestError && error.code === "changed_meanwhile") {
        await store.load();
        await look(t("settings.import.lookAgain"));
      }
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  /** Asks what the text would do. */
  async function look(said: string | null = null): Promise<void> {
    applied.value = undefined;
    const answer = await run(false);
    if (!answer) return;
    preview.value = answer;
    rows.value = rowsOf(answer);
    left.value = new Set();
    problem.value = said;
  }

  async function apply(): Promise<void> {
    const answer = await run(true);
    if (!answer?.applied) return;
    pasted.value = "";
    forget();
    applied.value = { added: answer.added.length, changed: answer.changed.length };
    await store.load();
  }

  function dropPreview(): void {
    preview.value = undefined;
    rows.value = [];
  }

  function forget(): void {
    file.value = undefined;
    dropPreview();
    applied.value = undefined;
  }

  function choose(name: string): void {
    if (!left.value.delete(name)) left.value.add(name);
  }

  return {
    store,
    ...{ pasted, file, format, preview, rows, left, withSettings, busy, problem, applied },
    ...{ dirty, names, chosen, settings, take, look, apply, forget, choose },
    chooseAll: (all: boolean) => (left.value = new Set(all ? [] : names.value)),
  };
}

export type Import = ReturnType<typeof useImport>;

function rowsOf({ added, changed, skipped }: ImportAnswer): PreviewRow[] {
  const rows = [
    ...added.map(({ name, url }) => ({ kind: "added" as const, name: String(name), text: String(url) })),
    ...changed.map(({ name, set }) => ({
      kind: "changed" as const,
      name,
      text: Object.entries(set)
        .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
        .join(", "),
    })),
    ...skipped.map(({ name, reason }) => ({ kind: "skipped" as const, name, text: reason })),
  ];
  return rows.map((row, place) => ({ ...row, place }));
}
