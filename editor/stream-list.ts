import { keptUrl, urlCredential, type FormStream } from "../common/form-streams";
import { tellBelow } from "./fields";
import type { EditedNode } from "./node-red-editor";
import { firstFault, freeSlot, lineFaults, urlToSend } from "./stream-lines";
import { faultText, text } from "./texts";
import { forgetTest, offerTest } from "./url-test";

/** A node with a list of streams in its form. */
export interface ListNode extends EditedNode {
  streams?: FormStream[];
}

/** One line of an open form. */
interface Row {
  id: string;
  slot: number;
  /** The URL as the flow holds it; undefined for a new line. */
  before: string | undefined;
  enabled: HTMLInputElement;
  name: HTMLInputElement;
  url: HTMLInputElement;
  group: HTMLInputElement;
  look: (() => void)[];
}

/** The editor of the streams that stand in a node's form, in the place of an `ol`. */
export class StreamList {
  private readonly rows = new Map<HTMLElement, Row>();
  /** Those of lines that were taken out stay taken: a deploy has to empty their credentials first. */
  private readonly slots: Set<number>;

  constructor(
    private readonly node: ListNode,
    private readonly list: HTMLElement,
  ) {
    const streams = node.streams ?? [];
    this.slots = new Set(streams.map(({ slot }) => slot));
    $(list).editableList({
      addButton: node._("stream-config.list.add"),
      sortable: true,
      removable: true,
      addItem: ({ 0: item }, _index, data) => this.add(item, data),
      removeItem: () => this.forgetRemoved(),
    });
    for (const stream of streams) $(list).editableList("addItem", stream);
  }

  /** What the flow is to hold; and puts what it must not into the node's credentials. */
  save(): FormStream[] {
    const credentials = (this.node.credentials ??= {});
    const put = (slot: number, value: string) => {
      credentials[urlCredential(slot)] = value;
      credentials[`has_${urlCredential(slot)}`] = value !== "";
    };
    const rows = this.inOrder();
    const used = new Set(rows.map(({ slot }) => slot));
    for (const slot of this.slots) if (!used.has(slot)) put(slot, "");
    return rows.map(({ id, slot, enabled, name, url: field, group }) => {
      const { url, secret } = keptUrl(field.value.trim());
      const isThere = credentials[`has_${urlCredential(slot)}`] === true;
      if (secret !== undefined && (secret !== "" || isThere)) put(slot, secret);
      return { id, slot, name: name.value.trim(), url, enabled: enabled.checked, group: group.value.trim() };
    });
  }

  resize(pixels: number): void {
    $(this.list).editableList("height", pixels);
  }

  private inOrder(): Row[] {
    // a line that was taken out fades for a while, and somebody may be quicker
    const there = "li:not(.red-ui-editableList-item-deleting) > .red-ui-editableList-item-content";
    const items = [...this.list.querySelectorAll<HTMLElement>(there)];
    return items.flatMap((item) => this.rows.get(item) ?? []);
  }

  private add(item: HTMLElement, data: Partial<FormStream>): void {
    const slot = data.slot ?? freeSlot(this.slots);
    if (slot === undefined) {
      item.textContent = this.node._("stream-config.list.full");
      return;
    }
    this.slots.add(slot);
    const label = (key: string) => this.node._(`stream-config.list.${key}`);
    const enabled = field("checkbox", label("enabled"));
    enabled.checked = data.enabled ?? true;
    const name = field("text", label("name"), data.name);
    const group = field("text", label("group"), data.group);
    const url = field("text", label("url"), data.url);
    url.autocomplete = "off";
    url.spellcheck = false;
    const button = document.createElement("button");
    button.className = "red-ui-button";
    const outcome = document.createElement("div");
    const lines = [line(enabled, name, group), line(url, button)];
    item.classList.add("streampulse-stream");
    item.append(...lines, outcome);
    const id = data.id ?? crypto.getRandomValues(new Uint32Array(2)).join("-");
    const row: Row = { id, slot, before: data.url, enabled, name, url, group, look: [] };
    this.rows.set(item, row);
    this.tellFaults(row);
    url.addEventListener("input", () => forgetTest(outcome));
    offerTest(button, outcome, () => this.request(row));
    if (data.name === undefined) name.focus();
  }

  private tellFaults(row: Row): void {
    const others = () => [...this.rows.values()].filter((other) => other !== row);
    const faults = () =>
      lineFaults(
        { name: row.name.value, url: row.url.value, group: row.group.value, before: row.before },
        others().map(({ name }) => name.value.trim()),
      );
    const told = (key: "name" | "url" | "group") => () => {
      const fault = faults()[key];
      // an empty line that was just added is no mistake yet
      if (fault?.text === "empty" && row.before === undefined) return true;
      return fault ? faultText(fault) : true;
    };
    for (const key of ["name", "url", "group"] as const) row.look.push(tellBelow(row[key], told(key)));
    // a name that is changed here may set another line right
    row.name.addEventListener("input", () => this.lookAgain());
  }

  private request({ name, url, slot, before }: Row) {
    const typed = url.value.trim();
    const { url: fault } = lineFaults({ name: "test", url: typed, group: "", before }, []);
    if (fault) return undefined;
    const known = this.node.credentials?.[urlCredential(slot)];
    const stream = {
      name: name.value.trim() || text("test.name"),
      url: urlToSend(typed, typeof known === "string" && known !== "" ? known : undefined),
    };
    return { stream, node: this.node.id, slot };
  }

  private forgetRemoved(): void {
    for (const item of this.rows.keys()) if (!item.isConnected) this.rows.delete(item);
    this.lookAgain();
  }

  private lookAgain(): void {
    for (const { look } of this.rows.values()) look.forEach((again) => again());
  }
}

/** What is wrong with the list as it would be deployed, for the editor's mark on the node. */
export function streamListFault(node: ListNode, lines: unknown): true | string {
  const found = firstFault(lines);
  if (!found) return true;
  const { line: stream, fault } = found;
  return `${stream.name || node._("stream-config.list.unnamed")}: ${faultText(fault)}`;
}

function field(type: string, label: string, value = ""): HTMLInputElement {
  const input = document.createElement("input");
  input.type = type;
  input.value = value;
  input.placeholder = label;
  input.title = label;
  input.setAttribute("aria-label", label);
  return input;
}

function line(...parts: HTMLElement[]): HTMLElement {
  const made = document.createElement("div");
  made.className = "streampulse-line";
  for (const part of parts) {
    const cell = document.createElement("div");
    cell.append(part);
    made.append(cell);
  }
  return made;
}
