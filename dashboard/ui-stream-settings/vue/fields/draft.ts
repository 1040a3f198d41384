import { computed, reactive, ref, shallowRef } from "vue";
import type { FieldValue, FieldValues } from "./field";

interface State {
  values: FieldValues;
  revision: string;
}

/**
 * What somebody types, beside what stands in the file. When the file changes underneath, what was typed stays: what
 * nobody typed into follows the file at once, and of the rest the person is told.
 */
export function useDraft() {
  const base = shallowRef<State>({ values: {}, revision: "" });
  const typed = reactive<FieldValues>({});
  /** Another state of the file, which touches what this form shows and waits for the person. */
  const news = shallowRef<State>();
  /** What the file says where somebody has typed something else meanwhile. */
  const theirs = ref<FieldValues>({});
  const changed = computed(() => keysThatDiffer(typed, base.value.values));

  function begin(values: FieldValues, revision: string): void {
    base.value = { values, revision };
    for (const key of Object.keys(typed)) delete typed[key];
    Object.assign(typed, values);
    news.value = undefined;
    theirs.value = {};
  }

  /** @param already what counts as typed; may be `typed` itself, which then stays over another state of the file */
  function beginTyped(values: FieldValues, revision: string, already: FieldValues): void {
    const kept = { ...already };
    begin(values, revision);
    Object.assign(typed, kept);
  }

  /** The file is another one now. Of our own changes it is the one that was just saved. */
  function follow(values: FieldValues, revision: string): void {
    if (changed.value.length === 0) return begin(values, revision);
    const mine = new Set(changed.value);
    const touched = keysThatDiffer(values, base.value.values).filter(
      (key) => mine.has(key) && values[key] !== typed[key],
    );
    if (touched.length > 0) {
      news.value = { values, revision };
      return;
    }
    for (const [key, value] of Object.entries(values)) if (!mine.has(key)) typed[key] = value;
    base.value = { values, revision };
    news.value = undefined;
  }

  /** Takes the new state over; what was typed stays. */
  function adopt(): void {
    if (!news.value) return;
    const { values } = news.value;
    const mine = new Set(changed.value);
    const both = keysThatDiffer(values, base.value.values).filter(
      (key) => mine.has(key) && values[key] !== typed[key],
    );
    for (const [key, value] of Object.entries(values)) if (!mine.has(key)) typed[key] = value;
    theirs.value = Object.fromEntries(both.map((key) => [key, values[key] as FieldValue]));
    base.value = news.value;
    news.value = undefined;
  }

  return {
    typed,
    news,
    theirs,
    /** Paths of what was typed. */
    changed,
    dirty: computed(() => changed.value.length > 0),
    revision: computed(() => base.value.revision),
    /** Paths into which somebody else has written too. */
    newKeys: computed(() => {
      const values = news.value?.values ?? {};
      const different = keysThatDiffer(values, base.value.values);
      return different.filter((key) => changed.value.includes(key) && values[key] !== typed[key]);
    }),
    isChanged: (path: string) => typed[path] !== base.value.values[path],
    begin,
    beginTyped,
    follow,
    adopt,
    discard: () => begin(base.value.values, base.value.revision),
  };
}

export type Draft = ReturnType<typeof useDraft>;

function keysThatDiffer(some: FieldValues, others: FieldValues): string[] {
  return Object.keys(some).filter((key) => some[key] !== others[key]);
}
