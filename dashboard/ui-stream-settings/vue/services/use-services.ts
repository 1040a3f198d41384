import { onMounted, onUnmounted, shallowRef } from "vue";
import { useStore } from "../settings-store";
import type { ServicesAnswer } from "../../settings-protocol";

const EVERY_MS = 2000;

/** How the services are, looked at again and again while `wanted`. To be called in the setup of a component. */
export function useServices(wanted: () => boolean) {
  const store = useStore();
  const services = shallowRef<ServicesAnswer>();

  async function look(): Promise<void> {
    if (document.hidden || !wanted()) return;
    try {
      services.value = await store.request<ServicesAnswer>("services");
    } catch {
      // the notice of the lost connection says it
    }
  }
  let timer = 0;
  onMounted(() => {
    void look();
    timer = window.setInterval(() => void look(), EVERY_MS);
  });
  onUnmounted(() => clearInterval(timer));
  return { services, look };
}
