import { onMounted, onUnmounted, ref, watch, type Ref } from "vue";
import { useStore, type SettingsStore } from "./settings-store";

/** Tells the page that a form holds something that is not saved. To be called in the setup of a component. */
export function useUnsaved(dirty: () => boolean): void {
  const { unsaved } = useStore();
  const form = Symbol("form");
  watch(dirty, (isDirty) => (isDirty ? unsaved.value.add(form) : unsaved.value.delete(form)), {
    immediate: true,
  });
  onUnmounted(() => unsaved.value.delete(form));
}

/**
 * Keeps a person from leaving the page with something unsaved: the browser asks when the tab is closed, the page when
 * another page of the dashboard is chosen.
 */
export function useLeaveGuard({ app, unsaved }: SettingsStore): {
  asking: Ref<boolean>;
  answer: (leave: boolean) => void;
} {
  const asking = ref(false);
  let decide = (_leave: boolean) => {};
  const onUnload = (event: BeforeUnloadEvent) => {
    if (unsaved.value.size > 0) event.preventDefault();
  };
  let removeGuard = () => {};
  onMounted(() => {
    window.addEventListener("beforeunload", onUnload);
    removeGuard = app.router.beforeEach((to, from) => {
      if (to.path === from.path || unsaved.value.size === 0) return true;
      decide(false);
      asking.value = true;
      return new Promise<boolean>((resolve) => (decide = resolve));
    });
  });
  onUnmounted(() => {
    window.removeEventListener("beforeunload", onUnload);
    removeGuard();
  });
  return {
    asking,
    answer: (leave) => {
      asking.value = false;
      decide(leave);
    },
  };
}
