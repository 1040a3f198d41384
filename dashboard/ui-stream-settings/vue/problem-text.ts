export { asSentence } from "../../../common/field-check";
import { ownText, said } from "../../shared/i18n";
import { RequestError } from "../../shared/widget-socket";

/** A sentence about what went wrong: this language's for what is known, else the server's. */
export function problemText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error instanceof RequestError ? ownText(`settings.problem.${error.code}`) : undefined;
  return own ?? said(error.message);
}
