import { ref, watch } from "vue";
import { t } from "../../../shared/i18n";
import { RequestError } from "../../../shared/widget-socket";
import { fromField } from "../fields/field";
import type { Form } from "../fields/use-form";
import { problemText } from "../problem-text";
import type { TestAnswer } from "../../settings-protocol";
import { STREAM_FIELDS } from "./stream-fields";

/** Longer than the longest that a probe may take, and its turn. */
const TEST_MS = 75_000;

/**
 * Tries the stream as it stands in a form, before it is saved.
 * @param nameOf whose hidden password is meant; undefined: nobody's
 */
export function useStreamTest(
  { store, draft, faults, tried, told, tell, problem: saving }: Form,
  nameOf: () => string | undefined,
) {
  const verdict = ref<TestAnswer>();
  const testing = ref(false);
  const problem = ref<string | null>(null);
  let run = 0;

  watch([() => draft.typed.url, () => draft.typed.transport, () => draft.typed.tls_verify], forget);

  function forget(): void {
    // what is on its way was asked of something else
    run++;
    testing.value = false;
    verdict.value = undefined;
    problem.value = null;
  }

  async function test(): Promise<void> {
    forget();
    const own = run;
    told.value = {};
    if (String(draft.typed.url ?? "").includes("${")) {
      problem.value = t("settings.test.environment");
      return;
    }
    tried.value = true;
    const wrong = Object.keys(faults.value).filter((path) => path !== "name");
    if (wrong.length > 0) return;
    testing.value = true;
    try {
      const answer = await store.request<TestAnswer>("test", typedStream(), TEST_MS);
      if (own === run) verdict.value = answer;
    } catch (error) {
      if (own !== run) return;
      if (error instanceof RequestError && error.field) tell(error);
      else problem.value = problemText(error);
      saving.value = null;
    } finally {
      if (own === run) testing.value = false;
    }
  }

  function typedStream(): Record<string, unknown> {
    const typed = STREAM_FIELDS.map(
      (field) => [field.path, fromField(field, draft.typed[field.path] ?? "")] as const,
    );
    const stream = Object.fromEntries(typed.filter(([, value]) => value !== null));
    const name = String(draft.typed.name ?? "").trim();
    return { ...stream, name: nameOf() ?? (name || t("settings.test.name")) };
  }

  return { verdict, testing, problem, test };
}
