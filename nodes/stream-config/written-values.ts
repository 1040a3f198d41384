import { isMap, isScalar, type Node, type Scalar } from "yaml";
import type { Shape } from "./read-keys";
import { asFlag } from "./value-readings";
import type { Field, YamlFile } from "./yaml-file";

/** The keys of a map as they stand in the file: `${NAME}` is not looked up, and what is wrong is there too. */
export function writtenMap(
  yaml: YamlFile,
  fields: Iterable<[string, Field]>,
  shape: Shape,
  nested: Readonly<Record<string, Shape>> = {},
): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [key, { value }] of fields) {
    // as a property it would change the object itself
    if (key === "__proto__") continue;
    const inner = Object.hasOwn(nested, key) ? nested[key] : undefined;
    if (inner && isMap(value))
      written[key] = writtenMap(
        yaml,
        yaml.fields(value, () => {}),
        inner,
      );
    else
      written[key] = value
        ? writtenValue(yaml, value, Object.hasOwn(shape, key) ? shape[key] : undefined)
        : null;
  }
  return written;
}

/** A camera's name may stand there as `7`, and `yes` is true: what the key takes is meant. */
function writtenValue(yaml: YamlFile, node: Node, schema: Shape[string] | undefined): unknown {
  const plain = yaml.plain(node, (scalar) => scalar.value);
  if (!schema || plain === null) return plain;
  const readings = [plain, yaml.plain(node, sourceOf), isScalar(node) ? asFlag(node, plain) : undefined];
  return readings.find((reading) => reading !== undefined && schema.safeParse(reading).success) ?? plain;
}

function sourceOf(scalar: Scalar): unknown {
  return typeof scalar.value === "string" ? scalar.value : (scalar.source ?? scalar.value);
}
