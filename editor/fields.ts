import { numberFault, textFault, type FieldFault } from "../common/field-check";
import type { EditedNode, Validator } from "./node-red-editor";
import { faultText } from "./texts";

/**
 * A field that holds a number, or nothing.
 * @param path of config.yaml: the limits are those of its schema
 * @param least where the form wants more than the schema
 */
export function number(path: string, least?: number): Validator {
  const rules = STREAMPULSE_RULES.numbers[path];
  if (!rules) throw new Error(`no schema knows the number ${path}`);
  const limits = least === undefined ? rules : { ...rules, min: least };
  const check: Validator = (value) => {
    const text = textOf(value);
    return text === "" || isReference(text) ? true : verdict(numberFault(text, limits));
  };
  const usual = STREAMPULSE_RULES.defaults[path];
  return Object.assign(twoArguments(check), { limits, usual: usual?.toString() });
}

/** A field that holds text of at most so many characters, or nothing. */
export function shortText(max: number): Validator {
  return twoArguments((value) => verdict(textFault(textOf(value), max)));
}

/** @param fault what is wrong with a text that is not empty, as a sentence; undefined when nothing is */
export function checked(fault: (text: string, node: EditedNode) => string | undefined): Validator {
  return twoArguments(function (this: unknown, value) {
    const text = textOf(value);
    if (text === "" || isReference(text)) return true;
    return fault(text, this as EditedNode) ?? true;
  });
}

/** Puts limits and defaults into the form's number fields, and a sentence below each field that is wrong. */
export function prepare(node: EditedNode, prefix = "node-input"): void {
  for (const [key, { validate }] of Object.entries(node._def.defaults)) {
    const input = document.getElementById(`${prefix}-${key}`);
    if (!validate || !(input instanceof HTMLInputElement)) continue;
    setLimits(input, validate);
    tellBelow(input, (value) => validate.call(node, value));
  }
}

function setLimits(input: HTMLInputElement, { limits, usual }: Validator): void {
  if (!limits || input.type !== "number") return;
  input.min = String(limits.min);
  if (limits.max !== undefined) input.max = String(limits.max);
  input.step = limits.integer ? "1" : "any";
  if (input.placeholder === "" && usual !== undefined) input.placeholder = usual;
}

let sentences = 0;

/**
 * Says below a field what is wrong with what stands in it, as somebody types.
 * @param last what stands beside the field
 * @returns looks again
 */
export function tellBelow(
  input: HTMLInputElement,
  check: (value: string) => true | string,
  last: HTMLElement = input,
): () => void {
  const sentence = document.createElement("div");
  sentence.className = "streampulse-fault";
  sentence.id = `streampulse-fault-${++sentences}`;
  sentence.setAttribute("aria-live", "polite");
  input.setAttribute("aria-describedby", sentence.id);
  last.insertAdjacentElement("afterend", sentence);
  const look = () => {
    // what is no number at all has no value in a number field
    const result = input.validity.badInput ? faultText({ text: "number" }) : check(input.value);
    sentence.textContent = result === true ? "" : result;
    input.classList.toggle("input-error", result !== true);
    input.setAttribute("aria-invalid", String(result !== true));
  };
  input.addEventListener("input", look);
  look();
  return look;
}

export function verdict(fault: FieldFault | null): true | string {
  return fault ? faultText(fault) : true;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

/** Node-RED fills it in from the environment. */
function isReference(text: string): boolean {
  return /^\$\{\w+\}$/.test(text);
}

/** The editor shows what a validator says only when it takes two arguments. */
function twoArguments(check: Validator): Validator {
  return function (this: unknown, value: unknown, _options: unknown) {
    return check.call(this, value);
  };
}

/** The port of each protocol where nothing is typed. */
export function brokerPorts(): Record<string, number> {
  const usual = (key: string) => Number(STREAMPULSE_RULES.defaults[`mqtt.${key}`]);
  return { mqtt: usual("port"), mqtts: usual("tls_port"), ws: usual("ws_port"), wss: usual("tls_ws_port") };
}
