import type { AnyMessage } from "../../common/node-red";
import type { EditorAnswer } from "./config-editor";

/** Whether a message asks for what stands in the configuration, or changes it, and so is answered. */
export function isForEditor({ topic }: AnyMessage): boolean {
  return topic === "config" || topic === "edit" || topic === "import";
}

/** An `http response` would hand an object to any page that asks for it as a script: it gets text. */
export function withAnswer(message: AnyMessage, { payload, ...answer }: EditorAnswer): AnyMessage {
  const isText = message.res !== undefined && typeof payload !== "string";
  return Object.assign(message, answer, { payload: isText ? JSON.stringify(payload) : payload });
}
