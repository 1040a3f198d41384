import { onMounted, onUnmounted } from "vue";
import { useDashboard, type DashboardApp } from "./dashboard-app";
import { t } from "./i18n";
import { WidgetSocket } from "./widget-socket";

/**
 * What every widget begins with: the dashboard around it and the line to its node, open as long as it is on the page.
 * @param onConnect is called when the server is there, and each time it is there again
 */
export function useWidget(
  id: string,
  onConnect: (socket: WidgetSocket) => void,
): { app: DashboardApp; socket: WidgetSocket } {
  const app = useDashboard();
  const socket = new WidgetSocket(app.socket, id, {
    notConnected: () => t("connection.notConnected"),
    noAnswer: () => t("connection.noAnswer"),
  });
  let close = () => {};
  onMounted(() => (close = socket.open(() => onConnect(socket))));
  onUnmounted(() => close());
  return { app, socket };
}
