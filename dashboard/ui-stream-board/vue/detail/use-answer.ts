import { onScopeDispose, shallowRef, watch, type Ref, type WatchSource } from "vue";
import { failureText } from "../../../shared/failure-text";
import type { RequestError } from "../../../shared/widget-socket";

export interface Answered<Answer> {
  /** Undefined until the first one came. */
  answer: Ref<Answer | undefined>;
  /** Why the last one did not come, in a sentence; empty otherwise. */
  failure: Ref<string>;
}

/**
 * Asks once, and again whenever a source changes or the server is there again, but not more often than every so many
 * milliseconds. An older answer stays until the newer one is there.
 * @param againMs after a change it is asked once more so much later: the store may not have written what changed, and
 * gives the same answer for a second. Unset where changes come all the time.
 */
export function useAnswer<Answer>(
  connected: Ref<boolean>,
  sources: WatchSource[],
  ask: () => Promise<Answer>,
  everyMs: number,
  againMs?: number,
): Answered<Answer> {
  const answer = shallowRef<Answer>();
  const failure = shallowRef("");
  let askedAt = -Infinity;
  let timer = 0;
  let asked = 0;
  let hasChanged = false;
  const run = async () => {
    timer = 0;
    askedAt = performance.now();
    if (hasChanged && againMs !== undefined) timer = window.setTimeout(() => void run(), againMs);
    hasChanged = false;
    const number = ++asked;
    try {
      const found = await ask();
      if (number !== asked) return;
      answer.value = found;
      failure.value = "";
    } catch (error) {
      const { code } = error as RequestError;
      // the page says so at one place, and all is asked for again when the server is back
      if (number === asked && code !== "not_connected") failure.value = failureText(error as RequestError);
    }
  };
  watch(
    [connected, ...sources],
    () => {
      hasChanged = true;
      clearTimeout(timer);
      timer = window.setTimeout(() => void run(), Math.max(0, askedAt + everyMs - performance.now()));
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    clearTimeout(timer);
    asked++;
  });
  return { answer, failure };
}
