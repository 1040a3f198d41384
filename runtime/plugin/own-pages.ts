import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account } from "../auth/account";
import { clientAddress, isSameOrigin, isSecure, isWrite, sessionCookieLine } from "../auth/requests";
import { TokenError } from "../auth/tokens";
import { answerError, answerJson, BodyError, readForm, redirect } from "../http/answers";
import { readRequestTarget } from "../http/request-target";
import { openApi } from "../openapi";
import { AccountApi } from "./account-api";
import type { FlowFacts } from "./flow-headers";
import type { OwnPages } from "./gateway";
import type { HealthCollector } from "./health";
import { successorOf } from "./old-addresses";
import { answerPage, loginPage, setUpPage, signOutPage, statusPage } from "./pages";
import { problemText, textsFor, waitText } from "./pages/texts";

export interface ProductPagesOptions {
  account: Account;
  health: HealthCollector;
  trustProxy: boolean;
  version: string;
  /** Of the flows as they are now. */
  flows(): FlowFacts;
  /** The editor's address, as text on the status page. */
  editorUrl(): string;
}

/** What the plugin answers itself. */
export class ProductPages implements OwnPages {
  private readonly accountApi: AccountApi;

  constructor(private readonly options: ProductPagesOptions) {
    this.accountApi = new AccountApi(options.account, options.trustProxy);
  }

  async answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session: string | undefined,
  ): Promise<void> {
    if (path === "/healthz") return this.healthz(response);
    if (path === "/api/openapi.json") return answerJson(response, 200, openApi(this.options.version));
    const successor = successorOf(path, this.options.flows());
    if (successor !== undefined) return redirect(response, successor);
    if (path === "/") return this.status(response);
    // a token, which no page sends: it is told what it may not
    if (session === undefined && path.startsWith("/auth/")) {
      return this.accountApi.answer(path, request, response, session);
    }
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
      await this.accountApi.answer(path, request, response, session);
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

  /** Where no dashboard is in the flows. */
  private status(response: ServerResponse): void {
    answerPage(response, 200, { language: "en", title: "Streams" }, statusPage(this.options.editorUrl()));
  }

  private async login(request: IncomingMessage, response: ServerResponse, session?: string): Promise<void> {
    const { account, trustProxy } = this.options;
    if (account.setupNeeded) return redirect(response, "/setup");
    const texts = textsFor(request);
    const page = { language: texts.language, title: texts.say("signIn.title") };
    if (request.method !== "POST") {
      const next = localPath(new URLSearchParams(request.url?.split("?")[1]).get("next"));
      if (session !== undefined) return redirect(response, next);
      return answerPage(response, 200, page, loginPage(texts, next));
    }
    const form = await readForm(request);
    const next = localPath(form.next);
    const result = await account.signIn(form.password ?? "", clientAddress(request, trustProxy));
    if (result.ok) {
      if (session !== undefined) account.sessions.end(session);
      return this.enter(request, response, result.session, next);
    }
    if (result.waitMs === 0) {
      return answerPage(response, 401, page, loginPage(texts, next, problemText(texts, "wrong_password")));
    }
    const error = waitText(texts, result.waitMs);
    answerPage(response, 429, page, loginPage(texts, next, error), retryAfter(result.waitMs));
  }

  private async setUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { account, trustProxy } = this.options;
    if (!account.setupNeeded) return redirect(response, "/login");
    const texts = textsFor(request);
    const page = { language: texts.language, title: texts.say("setUp.title") };
    if (request.method !== "POST") return answerPage(response, 200, page, setUpPage(texts));
    const form = await readForm(request);
    const { code = "", password = "", repeated = "" } = form;
    const result = await account.setUp({ code, password, repeated }, clientAddress(request, trustProxy));
    if (result.ok) return this.enter(request, response, result.session, "/");
    if ("waitMs" in result) {
      const errors = { code: waitText(texts, result.waitMs) };
      return answerPage(response, 429, page, setUpPage(texts, errors), retryAfter(result.waitMs));
    }
    const errors = { [result.field]: problemText(texts, result.problem) };
    answerPage(response, 400, page, setUpPage(texts, errors, code));
  }

  private logout(request: IncomingMessage, response: ServerResponse, session?: string): void {
    const { account, trustProxy } = this.options;
    if (request.method !== "POST") {
      if (session === undefined) return redirect(response, "/login");
      const texts = textsFor(request);
      const page = { language: texts.language, title: texts.say("signOut.title") };
      return answerPage(response, 200, page, signOutPage(texts));
    }
    if (session !== undefined) account.sessions.end(session);
    const line = sessionCookieLine(undefined, isSecure(request, trustProxy));
    redirect(response, "/login", { "Set-Cookie": line });
  }

  private enter(request: IncomingMessage, response: ServerResponse, session: string, next: string): void {
    const line = sessionCookieLine(session, isSecure(request, this.options.trustProxy));
    redirect(response, next, { "Set-Cookie": line });
  }
}

function retryAfter(waitMs: number): Record<string, string> {
  return { "Retry-After": String(Math.ceil(waitMs / 1000)) };
}

/** Only a path of this very listener, or a link in a mail could lead from the login to anywhere. */
function localPath(next: string | null | undefined): string {
  const target = readRequestTarget(next ?? undefined);
  if (!target.ok || ["login", "logout", "setup"].includes(target.segments[0] ?? "")) return "/";
  return next ?? "/";
}
