import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../auth/account";
import { clientAddress, isSecure, sessionCookieLine } from "../auth/requests";
import { answer, answerError, answerJson, errorValue, readForm } from "../http/answers";
import { problemText, textsFor, waitText } from "./pages/texts";

/**
 * What the page of settings does with the account, as JSON. Only for a person who is signed in: no token makes
 * another, or changes the password.
 */
export class AccountApi {
  constructor(
    private readonly account: Account,
    private readonly trustProxy: boolean,
  ) {}

  /** @throws BodyError, TokenError: sentences for the sender */
  async answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session: string | undefined,
  ): Promise<void> {
    if (session === undefined) {
      return answerError(
        response,
        403,
        "session_needed",
        "The account is managed after login only, not with a token.",
      );
    }
    if (path === "/auth/password") return this.password(request, response, session);
    if (path === "/auth/sign-out-everywhere") return this.signOutEverywhere(request, response);
    return this.tokens(path, request, response);
  }

  private async password(request: IncomingMessage, response: ServerResponse, session: string): Promise<void> {
    const { account } = this;
    const texts = textsFor(request);
    if (request.method === "GET") return answerJson(response, 200, { changeable: !account.fixed });
    if (account.fixed) return answerError(response, 409, "fixed_password", problemText(texts, "fixed"));
    const { old = "", new: fresh = "" } = await readForm(request);
    const address = clientAddress(request, this.trustProxy);
    const result = await account.changePassword({ old, fresh }, session, address);
    if (result.ok) return answer(response, 204, "", {});
    if ("waitMs" in result) {
      const headers = { "Retry-After": String(Math.ceil(result.waitMs / 1000)) };
      return answerError(response, 429, "too_many_tries", waitText(texts, result.waitMs), headers);
    }
    const { field, problem } = result;
    answerJson(
      response,
      field === "old" ? 403 : 400,
      errorValue(problem, problemText(texts, problem), field),
    );
  }

  private signOutEverywhere(request: IncomingMessage, response: ServerResponse): void {
    const line = sessionCookieLine(undefined, isSecure(request, this.trustProxy));
    this.account.signOutEverywhere();
    answer(response, 204, "", { "Set-Cookie": line });
  }

  private async tokens(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tokens } = this.account;
    if (request.method === "GET") return answerJson(response, 200, tokens.list());
    if (request.method === "POST") {
      const form = await readForm(request);
      return answerJson(response, 201, tokens.create(form.name ?? ""));
    }
    const id = decodeURIComponent(path.slice("/auth/tokens/".length));
    if (tokens.revoke(id)) return answer(response, 204, "", {});
    answerError(response, 404, "not_found", "There is no such token.");
  }
}
