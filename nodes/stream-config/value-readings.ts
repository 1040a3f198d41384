import { isScalar, type Node, type Scalar } from "yaml";
import { withEnvironment, type Environment } from "./environment";
import type { YamlFile } from "./yaml-file";

export interface Readings {
  /** What the value may mean; the first that its schema accepts is meant. */
  values: unknown[];
  /** Environment variables that it names and that are not set. */
  unset: string[];
}

/**
 * What a value of config.yaml may mean. People write a camera's name as `7`, a password as `123456`, a port as
 * `${MQTT_PORT}`, and v2.2 read `yes` and `on` as true (YAML 1.1).
 */
export function readingsOf(yaml: YamlFile, node: Node, env: Environment): Readings {
  const unset = new Set<string>();
  const asMeant = (scalar: Scalar) =>
    typeof scalar.value === "string" ? withEnvironment(scalar.value, env, unset) : scalar.value;
  const asText = (scalar: Scalar) =>
    typeof scalar.value === "string" ? asMeant(scalar) : (scalar.source ?? scalar.value);

  const values = isScalar(node)
    ? [asMeant(node), asText(node), asNumber(asMeant(node)), asFlag(node, asMeant(node))]
    : [yaml.plain(node, asMeant), yaml.plain(node, asText)];
  return { values: values.filter((value) => value !== undefined), unset: [...unset] };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "string" && isNumeral(value) ? Number(value) : undefined;
}

export function isNumeral(text: string): boolean {
  return /^[+-]?\d+(\.\d+)?$/.test(text.trim());
}

/** A quoted "no" is text: v2.2 took any such text for true, so nobody knows what is meant. */
export function asFlag(scalar: Scalar, value: unknown): boolean | undefined {
  if (typeof value !== "string" || scalar.type !== "PLAIN") return undefined;
  if (/^(true|yes|on)$/i.test(value)) return true;
  return /^(false|no|off)$/i.test(value) ? false : undefined;
}
