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
 * Asks once, and again whenever a source changes or the server is there again, but not more often than every so many milliseconds. An older answer
 * stays until the newer one is there.
 */
export function useAnswer<Answer>(
  connected: Ref<boolean>,
  sources: WatchSource[],
  ask: () => Promise<Answer>,
  everyMs: number,
): Answered<Answer> {
  const answer = shallowRef<Answer>();
  const failure = shallowRef("");
  let askedAt = -Infinity;
  let timer = 0;
  let asked = 0;
  const run = async () => {
    timer = 0;
    askedAt = performance.now();
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
      if (timer === 0)
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
