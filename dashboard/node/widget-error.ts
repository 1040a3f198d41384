/** What a person's browser is told: a code, a sentence, and the field that it is about. */
export class WidgetError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

/** Reads the error of an answer of the API's form: `{error: {code, message, field?}}`. */
export function readError(payload: unknown): WidgetError {
  const { error } = (payload ?? {}) as { error?: { code?: unknown; message?: unknown; field?: unknown } };
  const { code, message, field } = error ?? {};
  if (typeof code !== "string" || typeof message !== "string") {
    return new WidgetError("failed", "This failed inside StreamPulse; see the log.");
  }
  return new WidgetError(code, message, typeof field === "string" ? field : undefined);
}
