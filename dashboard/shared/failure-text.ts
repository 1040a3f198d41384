import { REASONS, type Reason } from "../../contracts/reasons";
import { ownText, reasonAdvice, reasonText, said } from "./i18n";

/**
 * A sentence about what went wrong: in this language where the code is known, else in the server's words.
 * @param code of a widget's or the API's error; a camera's failure has its reason as the code
 */
export function failureText({ code, message }: { code?: string; message: string }): string {
  if (code === undefined) return said(message);
  const own = ownText(`failure.${code}`);
  if (own !== undefined) return own;
  // in English the server's sentence has the evidence too
  const isReason = Object.hasOwn(REASONS, code) && ownText(`reasons.${code}.text`) !== undefined;
  return isReason ? `${reasonText(code as Reason)}. ${reasonAdvice(code as Reason)}`.trim() : said(message);
}
