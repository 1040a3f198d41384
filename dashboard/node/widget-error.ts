/** One of several things that are wrong, with a sentence that follows the field's name. */
export interface FieldError {
  field: string;
  message: string;
}

/** What a person's browser is told: a code, a sentence, and the field that it is about, or all of them. */
export class WidgetError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
    readonly fields?: FieldError[],
  ) {
    super(message);
  }
}

/** Reads the error of an answer of the API's form: `{error: {code, message, field?, fields?}}`. */
export function readError(payload: unknown): WidgetError {
  const { error } = (payload ?? {}) as { error?: Partial<Record<keyof WidgetError, unknown>> };
  const { code, message, field, fields } = error ?? {};
  if (typeof code !== "string" || typeof message !== "string") {
    return new WidgetError("failed", "This failed inside StreamPulse; see the log.");
  }
  const all = Array.isArray(fields) ? (fields as FieldError[]) : undefined;
  return new WidgetError(code, message, typeof field === "string" ? field : undefined, all);
}
