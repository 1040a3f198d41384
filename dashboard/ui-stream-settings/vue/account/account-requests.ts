import { t } from "../../../shared/i18n";
import { RequestError } from "../../../shared/widget-socket";

/** A token as the list has it. */
export interface Token {
  id: string;
  name: string;
  /** Epoch milliseconds. */
  createdAt: number;
}

/**
 * Asks the login's own endpoints, which are on the address of this page.
 * @throws RequestError with a sentence for the person
 */
export async function requestAccount<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`/auth/${path}`, {
      method,
      headers: body && { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  } catch {
    throw new RequestError("not_connected", t("connection.notConnected"));
  }
  const text = await response.text();
  const answer = text === "" ? undefined : (parsed(text) as { error?: RequestError } | undefined);
  if (response.ok) return answer as Answer;
  const { code = "failed", message = t("settings.problem.failed"), field } = answer?.error ?? {};
  throw new RequestError(code, message, field);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
