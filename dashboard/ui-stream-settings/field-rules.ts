import { z } from "zod";
import type { NumberLimits } from "../../common/field-check";
import { previewFormSchema } from "../../contracts/forms";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema } from "../../contracts/stream";
import type { FieldRules, SettingsAnswer } from "./settings-protocol";

/** What the forms say of their fields while somebody types: what the schemas know, for a page that has no schemas. */
export function fieldRules(): SettingsAnswer["rules"] {
  return { stream: rulesOf(streamSchema), settings: rulesOf(settingsSchema) };
}

/** What the forms in Node-RED's editor may hold: settings of config.yaml, and `preview.most_at_once`. */
export function editorRules(): FieldRules {
  return rulesOf(settingsSchema.extend({ preview: previewFormSchema }));
}

function rulesOf(schema: z.ZodObject): FieldRules {
  const rules: FieldRules = { numbers: {}, defaults: {} };
  collect(schema, "", rules);
  return rules;
}

function collect(object: z.ZodObject, prefix: string, rules: FieldRules): void {
  for (const [key, schema] of Object.entries(object.shape)) {
    const path = prefix + key;
    const inner = unwrapped(schema as z.ZodType);
    if (inner instanceof z.ZodObject) collect(inner, `${path}.`, rules);
    if (inner instanceof z.ZodNumber) rules.numbers[path] = limitsOf(inner);
    const usual = (schema as z.ZodType).safeParse(undefined);
    if (usual.success && isPlain(usual.data)) rules.defaults[path] = usual.data;
  }
}

/** What stands inside of `.optional()`, `.default()` and the like. */
function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (isWrapper(inner)) inner = inner.unwrap() as z.ZodType;
  return inner;
}

function isWrapper(
  schema: z.ZodType,
): schema is z.ZodOptional | z.ZodNullable | z.ZodDefault | z.ZodPrefault {
  const { ZodOptional, ZodNullable, ZodDefault, ZodPrefault } = z;
  return [ZodOptional, ZodNullable, ZodDefault, ZodPrefault].some((kind) => schema instanceof kind);
}

function limitsOf(schema: z.ZodNumber): NumberLimits {
  const { minValue, maxValue } = schema;
  const min = minValue ?? Number.MIN_SAFE_INTEGER;
  const max = maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER ? undefined : maxValue;
  // the rule may be a refinement, which cannot be read, but tried
  return { min, max, integer: !schema.safeParse(min + 0.5).success };
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}
