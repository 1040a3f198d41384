import { onUnmounted, readonly, ref, type Ref } from "vue";

/**
 * The time, each second. To be called in the setup of a component.
 * @param aheadMs how far the server's clock is ahead of this browser's
 */
export function useNow(aheadMs: () => number = () => 0): Readonly<Ref<number>> {
  const now = ref(Date.now() + aheadMs());
  const timer = setInterval(() => {
    // nobody sees it tick
    if (!document.hidden) now.value = Date.now() + aheadMs();
  }, 1000);
  const look = () => (now.value = Date.now() + aheadMs());
  document.addEventListener("visibilitychange", look);
  onUnmounted(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  });
  return readonly(now);
}
