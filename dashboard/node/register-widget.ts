import type { Node, NodeAPI, NodeDef } from "node-red";
import { productSettings } from "../../common/node-red";
import type { WidgetPort } from "./widget-port";

export interface WidgetDef extends NodeDef {
  /** The id of a ui-group. */
  group?: string;
  /** Draw the page's header and colours too: the page is the widget's own. */
  frame?: boolean;
}

/** A ui-group of FlowFuse Dashboard, as far as it is needed. */
interface Group {
  register?: (node: Node, definition: WidgetDef, hooks: Record<string, unknown>) => void;
}

/**
 * Puts a widget into its group. What comes in on the node's wire is the node's own: Dashboard would send each message
 * to every browser, so it never hears of the input.
 * @returns what to show as the node's status where the widget cannot run
 */
export function registerWidget(
  RED: NodeAPI,
  node: Node,
  definition: WidgetDef,
  port: WidgetPort,
): string | null {
  const group = RED.nodes.getNode(definition.group ?? "") as Group | null;
  if (typeof group?.register !== "function") {
    return hasDashboard(RED) ? "choose a group" : "needs @flowfuse/node-red-dashboard";
  }
  const facade = Object.create(node) as Node;
  const listen = (event: string, listener: (...parameters: never[]) => void) => {
    if (event !== "input") node.on(event as "close", listener);
    return facade;
  };
  Object.defineProperty(facade, "on", { value: listen });
  // browsers see the definition as the widget's props
  const shown = { ...definition, product: productSettings(RED).product === true };
  group.register(facade, shown, {
    onChange: port.onChange,
    // without these, what any browser sends as widget-send or widget-action would leave on the node's output
    onSend: () => undefined,
  });
  return null;
}

function hasDashboard(RED: NodeAPI): boolean {
  let found = false;
  RED.nodes.eachNode(({ type }) => (found ||= type === "ui-base"));
  return found;
}
