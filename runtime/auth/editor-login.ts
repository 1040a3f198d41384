import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../common/clock";
import { answer, answerError, BodyError, isNavigation, readForm } from "../http/answers";
import { readRequestTarget } from "../http/request-target";
import { editorRoute } from "../http/routes";
import { hideCredentials, clientAddress } from "./requests";
import { permit, type GuardedRequest } from "./access";
import { ADMIN, type Account } from "./account";
import { newSecret } from "./secrets";

export type Next = (error?: unknown) => void;
/** body-parser leaves a request alone whose body was read already. */
type ParsedRequest = IncomingMessage & { body?: unknown; _body?: boolean };
interface EditorUser {
  username: string;
  permissions: "*";
}

const TICKET_MS = 10_000;

/**
 * The one account on Node-RED's own port: the editor, its admin API, and the http-in routes there.
 *
 * Node-RED would check the password itself and count wrong ones by user name, so that anybody could lock the owner
 * out. So the password is checked before Node-RED sees it, by our rule, and Node-RED gets a ticket in its place.
 * API tokens do not open the editor: whoever may deploy a flow may run anything, and a script that reads needs less.
 */
export class EditorLogin {
  private readonly tickets = new Map<string, number>();

  constructor(
    private readonly account: Account,
    private readonly clock: Pick<Clock, "now">,
    private readonly trustProxy: boolean,
  ) {}

  /** `adminAuth:` of the settings file. */
  adminAuth() {
    return {
      type: "credentials" as const,
      users: (name: string) => Promise.resolve(this.user(name)),
      authenticate: (name: string, ticket: string) =>
        Promise.resolve(this.takeTicket(ticket) ? this.user(name) : null),
    };
  }

  /** `httpAdminMiddleware:` of the settings file: before anything of the editor. */
  readonly adminMiddleware = (request: ParsedRequest, response: ServerResponse, next: Next): void => {
    const target = readRequestTarget(request.url);
    const isPublic = target.ok && editorRoute(target.segments).access === "public";
    if (isPublic) next();
    else if (this.account.setupNeeded) this.sendToSetUp(request, response);
    else if (request.method === "POST" && target.ok && /^\/auth\/token\/?$/i.test(target.path)) {
      this.exchange(request, response, next).catch(next);
    } else next();
  };

  /** `httpNodeAuth:` of the settings file: http-in routes and the dashboard's pages, by the rule of the other ports. */
  readonly nodeAuth = (request: GuardedRequest, response: ServerResponse, next: Next): void => {
    const target = readRequestTarget(request.url);
    if (!target.ok) return answerError(response, 400, "bad_path", target.message);
    const permission = permit(this.account, request, editorRoute(target.segments));
    if (!permission.ok) {
      return answerError(response, permission.status, permission.code, permission.message);
    }
    request.streampulseAccess = permission.access;
    const untrack = this.account.trackOpen(permission, () => request.socket.destroy());
    response.once("close", untrack);
    // the dashboard's socket is checked by its cookie a second time
    if (!target.path.startsWith("/dashboard")) hideCredentials(request);
    next();
  };

  private async exchange(request: ParsedRequest, response: ServerResponse, next: Next): Promise<void> {
    let body: Record<string, string>;
    try {
      body = await readForm(request);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      return answerError(response, error.status, "bad_request", error.message, { Connection: "close" });
    }
    const verdict = await this.account.verify(body.password ?? "", clientAddress(request, this.trustProxy));
    const isAdmin = (body.username ?? "").trim().toLowerCase() === ADMIN;
    if (!verdict.ok && verdict.waitMs > 0) {
      const seconds = Math.ceil(verdict.waitMs / 1000);
      const message = `Too many tries: wait ${seconds} s.`;
      return answerError(response, 429, "too_many_tries", message, { "Retry-After": String(seconds) });
    }
    if (!verdict.ok || !isAdmin) {
      return answerError(response, 403, "invalid_grant", "User name or password is wrong.");
    }
    request.body = { ...body, username: `${ADMIN}#${this.account.generation}`, password: this.newTicket() };
    request._body = true;
    next();
  }

  /** Node-RED asks with the name that its token was made for, at every request. */
  private user(name: string): EditorUser | null {
    const isValid = name === `${ADMIN}#${this.account.generation}` && !this.account.setupNeeded;
    return isValid ? { username: ADMIN, permissions: "*" } : null;
  }

  private newTicket(): string {
    const now = this.clock.now();
    for (const [old, until] of this.tickets) if (until < now) this.tickets.delete(old);
    const ticket = newSecret();
    this.tickets.set(ticket, now + TICKET_MS);
    return ticket;
  }

  private takeTicket(ticket: string): boolean {
    const until = this.tickets.get(ticket);
    this.tickets.delete(ticket);
    return until !== undefined && until >= this.clock.now();
  }

  private sendToSetUp(request: IncomingMessage, response: ServerResponse): void {
    const sentence =
      "StreamPulse has no password yet. Open the set-up page on the port of the dashboard (/setup); its address and the one-time code are in the log.";
    if (!isNavigation(request)) return answerError(response, 403, "setup_needed", sentence);
    answer(response, 403, `${sentence}\n`, { "Content-Type": "text/plain; charset=utf-8" });
  }
}
