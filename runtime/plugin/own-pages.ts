import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../auth/account";
import { clientAddress, isSameOrigin, isSecure, isWrite, sessionCookieLine } from "../auth/requests";
import { TokenError } from "../auth/tokens";
import { answer, answerError, answerJson, BodyError, readForm, redirect } from "../http/answers";
import { readRequestTarget } from "../http/request-target";
import type { OwnPages } from "./gateway";
import type { HealthCollector } from "./health";
import { answerPage, loginPage, setUpPage, signOutPage, statusPage } from "./pages";

export interface ProductPagesOptions {
  account: Account;
  health: HealthCollector;
  trustProxy: boolean;
  /** The editor's address, as text on the status page. */
  editorUrl(): string;
}

/** What the plugin answers itself. */
export class ProductPages implements OwnPages {
  constructor(private readonly options: ProductPagesOptions) {}

  async answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session: string | undefined,
  ): Promise<void> {
    if (path === "/healthz") return this.healthz(response);
    if (path === "/") return answerPage(response, 200, "Streams", statusPage(this.options.editorUrl()));
    // a login without a cookie is a write too: a stranger's page must not sign anybody in
    if (isWrite(request) && !isSameOrigin(request)) {
      return answerError(
        response,
        403,
        "wrong_origin",
        "The request must say by Origin or Referer that it comes from a page of this address.",
      );
    }
    try {
      if (path === "/login") return await this.login(request, response, session);
      if (path === "/setup") return await this.setUp(request, response);
      if (path === "/logout") return this.logout(request, response, session);
      await this.tokens(path, request, response, session);
    } catch (error) {
      if (error instanceof BodyError) {
        // what is left of the body is not read, so that no other request can follow it
        const headers = { Connection: "close" };
        return answerError(response, error.status, "bad_request", error.message, headers);
      }
      if (error instanceof TokenError) return answerError(response, 400, "bad_request", error.message);
      throw error;
    }
  }

  private healthz(response: ServerResponse): void {
    const health = this.options.health.health();
    answerJson(response, health.status === "failing" ? 503 : 200, health);
  }

  private async login(request: IncomingMessage, response: ServerResponse, session?: string): Promise<void> {
    const { account, trustProxy } = this.options;
    if (account.setupNeeded) return redirect(response, "/setup");
    if (request.method !== "POST") {
      const next = localPath(new URLSearchParams(request.url?.split("?")[1]).get("next"));
      if (session !== undefined) return redirect(response, next);
      return answerPage(response, 200, "Sign in", loginPage(next));
    }
    const form = await readForm(request);
    const next = localPath(form.next);
    const result = await account.signIn(form.password ?? "", clientAddress(request, trustProxy));
    if (result.ok) {
      if (session !== undefined) account.sessions.end(session);
      return this.enter(request, response, result.session, next);
    }
    if (result.waitMs === 0)
      return answerPage(response, 401, "Sign in", loginPage(next, "The password is wrong."));
    const { text, headers } = waitWords(result.waitMs);
    answerPage(response, 429, "Sign in", loginPage(next, text), headers);
  }

  private async setUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { account, trustProxy } = this.options;
    if (!account.setupNeeded) return redirect(response, "/login");
    if (request.method !== "POST") return answerPage(response, 200, "Set-up", setUpPage());
    const form = await readForm(request);
    const { code = "", password = "", repeated = "" } = form;
    const result = await account.setUp({ code, password, repeated }, clientAddress(request, trustProxy));
    if (result.ok) return this.enter(request, response, result.session, "/");
    if ("waitMs" in result) {
      const { text, headers } = waitWords(result.waitMs);
      return answerPage(response, 429, "Set-up", setUpPage({ code: text }), headers);
    }
    answerPage(response, 400, "Set-up", setUpPage({ [result.field]: result.problem }));
  }

  private logout(request: IncomingMessage, response: ServerResponse, session?: string): void {
    const { account, trustProxy } = this.options;
    if (request.method !== "POST") {
      if (session === undefined) return redirect(response, "/login");
      return answerPage(response, 200, "Sign out", signOutPage);
    }
    if (session !== undefined) account.sessions.end(session);
    const line = sessionCookieLine(undefined, isSecure(request, trustProxy));
    redirect(response, "/login", { "Set-Cookie": line });
  }

  /** Made and seen by a person who is signed in: no token makes another. */
  private async tokens(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session?: string,
  ): Promise<void> {
    const { tokens } = this.options.account;
    if (session === undefined) {
      return answerError(response, 403, "session_needed", "Tokens are managed after login only.");
    }
    if (request.method === "GET") return answerJson(response, 200, tokens.list());
    if (request.method === "POST") {
      const form = await readForm(request);
      return answerJson(response, 201, tokens.create(form.name ?? ""));
    }
    const id = decodeURIComponent(path.slice("/auth/tokens/".length));
    if (tokens.revoke(id)) return answer(response, 204, "", {});
    answerError(response, 404, "not_found", "There is no such token.");
  }

  private enter(request: IncomingMessage, response: ServerResponse, session: string, next: string): void {
    const line = sessionCookieLine(session, isSecure(request, this.options.trustProxy));
    redirect(response, next, { "Set-Cookie": line });
  }
}

function waitWords(waitMs: number): { text: string; headers: Record<string, string> } {
  const seconds = Math.ceil(waitMs / 1000);
  const text =
    seconds < 120
      ? `Too many tries: wait ${seconds} s.`
      : `Too many tries: wait ${Math.ceil(seconds / 60)} minutes.`;
  return { text, headers: { "Retry-After": String(seconds) } };
}

/** Only a path of this very listener, or a link in a mail could lead from the login to anywhere. */
function localPath(next: string | null | undefined): string {
  const target = readRequestTarget(next ?? undefined);
  if (!target.ok || ["login", "logout", "setup"].includes(target.segments[0] ?? "")) return "/";
  return next ?? "/";
}
