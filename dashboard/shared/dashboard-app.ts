import { computed, getCurrentInstance, inject, type ComputedRef } from "vue";
import type { DashboardSocket } from "./widget-socket";

/** What FlowFuse Dashboard gives its widgets, as far as it is needed. */
interface Store {
  state: {
    setup: { setup: { basePath?: string; RED?: { httpNodeRoot?: string } } };
    ui: {
      dashboards: Record<string, { path: string }>;
      pages: Record<
        string,
        { id: string; name: string; path: string; ui: string; order: number; visible?: boolean }
      >;
      groups: Record<string, { page: string }>;
      widgets: Record<string, { id: string; type: string; props: { group?: string } }>;
    };
  };
}
interface Route {
  path: string;
  query: Record<string, string | string[] | null | undefined>;
}
interface Router {
  push(target: string | { path?: string; query?: Route["query"] }): Promise<unknown>;
  replace(target: { query: Route["query"] }): Promise<unknown>;
  /** @returns takes the guard away again */
  beforeEach(guard: (to: Route, from: Route) => boolean | Promise<boolean>): () => void;
}

/** What every widget gets as `props`: the settings of its node. */
export interface WidgetProps {
  name?: string;
  /** Draw the page's header and colours too. */
  frame?: boolean;
  /** It runs in the product, behind its login. */
  product?: boolean;
}

export interface PageLink {
  name: string;
  path: string;
  current: boolean;
}

export interface DashboardApp {
  socket: DashboardSocket;
  router: Router;
  route: ComputedRef<Route>;
  /** The pages that people may see, in their order. */
  pages: ComputedRef<PageLink[]>;
  /** The path of the page on which a widget of this type is; undefined where there is none. */
  pageOf(type: string): string | undefined;
  /** The address of what a flow answers under this path. */
  pathOf(path: string): string;
  /** Follows a link to another page without loading the dashboard anew; a click that wants a new tab gets one. */
  follow(event: MouseEvent, path: string): void;
  /** Whether the server would let this browser in now; null when it cannot be asked. */
  isSignedIn(): Promise<boolean | null>;
}

/** False for a click that asks the browser for a new tab or window. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

/** To be called in the setup of a component. */
export function useDashboard(): DashboardApp {
  const { $store, $router } = getCurrentInstance()?.appContext.config.globalProperties as unknown as {
    $store: Store;
    $router: Router & { currentRoute: { value: Route } };
  };
  const route = computed(() => $router.currentRoute.value);
  const ui = () => $store.state.ui;
  const pathOf = ({ ui: dashboard, path }: { ui: string; path: string }) =>
    `${ui().dashboards[dashboard]?.path ?? ""}${path}`;
  return {
    socket: inject("$socket") as DashboardSocket,
    router: $router,
    route,
    pages: computed(() =>
      Object.values(ui().pages)
        .filter(({ visible }) => visible !== false)
        .sort((one, other) => one.order - other.order)
        .map((page) => ({ name: page.name, path: pathOf(page), current: pathOf(page) === route.value.path })),
    ),
    pageOf: (type) => {
      const widget = Object.values(ui().widgets).find((candidate) => candidate.type === type);
      const page = ui().pages[ui().groups[widget?.props.group ?? ""]?.page ?? ""];
      return page && pathOf(page);
    },
    pathOf: (path) => `${$store.state.setup.setup.RED?.httpNodeRoot ?? ""}${path}`.replace("//", "/"),
    follow: (event, path) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      void $router.push(path);
    },
    isSignedIn: async () => {
      try {
        const { status } = await fetch(`${$store.state.setup.setup.basePath ?? ""}/_setup`);
        return status !== 401;
      } catch {
        return null;
      }
    },
  };
}
