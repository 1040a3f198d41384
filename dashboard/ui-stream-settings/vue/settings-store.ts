import { computed, inject, provide, ref, shallowRef, type InjectionKey } from "vue";
import type { Edit, EditAnswer } from "../../../contracts/edits";
import type { DashboardApp } from "../../shared/dashboard-app";
import { ownText } from "../../shared/i18n";
import { RequestError, type WidgetSocket } from "../../shared/widget-socket";
import type { SettingsAnswer } from "../settings-protocol";
import { problemText } from "./problem-text";
import { requestLarge } from "./request-large";

export type SettingsStore = ReturnType<typeof makeStore>;

const KEY = Symbol("settings") as InjectionKey<SettingsStore>;

/** What all parts of the page share: config.yaml as it stands, and the ways to change it. */
export function provideStore(socket: WidgetSocket, app: DashboardApp, product: boolean): SettingsStore {
  const store = makeStore(socket, app, product);
  provide(KEY, store);
  return store;
}

export function useStore(): SettingsStore {
  return inject(KEY) as SettingsStore;
}

function makeStore(socket: WidgetSocket, app: DashboardApp, product: boolean) {
  const config = shallowRef<SettingsAnswer>();
  const problem = ref<string | null>(null);
  let loading: Promise<void> | undefined;
  let again = false;
  let queue: Promise<unknown> = Promise.resolve();

  /** Reads what stands in the file; what comes while it is read is read again. */
  function load(): Promise<void> {
    if (loading) again = true;
    loading ??= loadOnce().finally(() => (loading = undefined));
    return loading;
  }

  async function loadOnce(): Promise<void> {
    do {
      again = false;
      try {
        const read = await socket.request<SettingsAnswer>("config");
        // something has changed while it was read: what is shown may be newer
        if (!again) config.value = read;
        problem.value = null;
      } catch (error) {
        // the notice of the lost connection says it
        const isGone = error instanceof RequestError && error.code === "not_connected";
        problem.value = isGone ? null : problemText(error);
      }
    } while (again);
  }

  /** Large requests share one line, so that one waits for the other. */
  function ask<Answer>(what: string, data: unknown, timeoutMs?: number): Promise<Answer> {
    const asked = queue.then(() => requestLarge<Answer>(socket, what, data, timeoutMs));
    queue = asked.catch(() => {});
    return asked;
  }

  /**
   * Changes the file and reads it again.
   * @param revision of the file that the change was made for
   * @throws RequestError; when the file has changed meanwhile it was read again
   */
  async function edit(edit: Edit, revision?: string): Promise<EditAnswer> {
    let isShown = false;
    try {
      const answer = await ask<EditAnswer>("edit", { edit, revision });
      isShown = edit.action === "change-stream" && show(edit.name, answer);
      return answer;
    } finally {
      const reading = load();
      if (!isShown) await reading;
    }
  }

  /** One changed stream is shown at once: to read 10,000 takes longer than to change one. */
  function show(name: string, { stream, revision }: EditAnswer): boolean {
    const { value: before } = config;
    if (!before || !stream) return false;
    const place = before.streams.findIndex((one) => String(one.name) === name);
    if (place < 0) return false;
    config.value = { ...before, revision, streams: before.streams.with(place, stream) };
    return true;
  }

  /** An edit of streams that are told by their names: it is made again where others have changed meanwhile. */
  async function editStreams(what: Edit, names: readonly string[]): Promise<EditAnswer> {
    const before = entriesNamed(names);
    try {
      return await edit(what, config.value?.revision);
    } catch (error) {
      const isStale = error instanceof RequestError && error.code === "changed_meanwhile";
      if (!isStale || entriesNamed(names) !== before) throw error;
      return await edit(what, config.value?.revision);
    }
  }

  function entriesNamed(names: readonly string[]): string {
    const wanted = new Set(names);
    return JSON.stringify(config.value?.streams.filter(({ name }) => wanted.has(String(name))));
  }

  return {
    app,
    product,
    config,
    problem,
    /** Why nothing can be changed now, in a sentence; null when it can. */
    readOnly: computed(() => {
      const { refusal = null, read_only = null } = config.value ?? {};
      return refusal === null ? read_only : (ownText("settings.problem.not_guarded") ?? refusal);
    }),
    writable: computed(
      () => config.value !== undefined && config.value.refusal === null && config.value.read_only === null,
    ),
    load,
    edit,
    editStreams,
    ask,
    /** Beside the line of the large ones: a test takes long. */
    request: <Answer>(what: string, data?: unknown, timeoutMs?: number) =>
      socket.request<Answer>(what, data, timeoutMs),
    /** Forms in which something stands that is not saved. */
    unsaved: ref(new Set<symbol>()),
  };
}
