import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { inspect } from "node:util";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { permit, type GuardedRequest } from "../auth/access";
import type { Account } from "../auth/account";
import { hideCredentials, isSameOrigin, isWrite } from "../auth/requests";
import { answerError, BodyError, isNavigation, redirect } from "../http/answers";
import { readFlowBody } from "../http/request-body";
import { hasPlainHost, readRequestTarget } from "../http/request-target";
import { routeOf, type Listener, type Route } from "../http/routes";
import { setFlowHeaders, type FlowFacts } from "./flow-headers";

/** The ways on to Node-RED. */
export interface NodeRedDoors {
  /** To http-in nodes and the dashboard; `next` when none of them answers. Admin routes are not behind this door. */
  flow(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void;
  /** To everything of Node-RED, the editor too: only for a path that is known to lead to nothing of it. */
  server(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Answers the paths that are not a flow's. */
export interface OwnPages {
  answer(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session: string | undefined,
  ): Promise<void>;
}

export interface GatewayOptions {
  account: Account;
  pages: OwnPages;
  doors: NodeRedDoors;
  logger: Logger;
  /** Of the flows as they are now. */
  flows(): FlowFacts;
  clock: Pick<Clock, "setTimeout" | "clearTimeout">;
}

const READ_ANSWER_MS = 15_000;
/** More than a flow waits for config.yaml to be written (its link calls have 65 s), so that its own answer comes first. */
export const WRITE_ANSWER_MS = 70_000;

/** The guard at the two public ports: whatever is not known to be allowed is refused here. */
export class Gateway {
  constructor(private readonly options: GatewayOptions) {}

  handle(listener: Listener, request: GuardedRequest, response: ServerResponse): void {
    const target = readRequestTarget(request.url);
    if (!target.ok) return answerError(response, 400, "bad_path", target.message);
    if (!hasPlainHost(request.rawHeaders, request.httpVersion)) {
      return answerError(
        response,
        400,
        "bad_host",
        "The request needs one Host header with a name or address.",
      );
    }
    const route = routeOf(listener, target.segments);
    if (!route) return answerError(response, 404, "not_found", `There is no ${target.path} here.`);
    const method = request.method ?? "";
    if (!route.methods.includes(method)) {
      const message = `${target.path} allows ${route.methods.join(", ")}.`;
      return answerError(response, 405, "method_not_allowed", message, { Allow: route.methods.join(", ") });
    }
    const permission = permit(this.options.account, request, route);
    if (!permission.ok) {
      if (permission.code !== "wrong_origin" && wantsPage(request, target.path)) {
        return redirect(response, this.entrance(request.url));
      }
      return answerError(response, permission.status, permission.code, permission.message);
    }
    request.streampulseAccess = permission.access;
    if (route.to === "own") return this.answerOwn(target.path, request, response, permission.session);
    setFlowHeaders(response, route, target.path, this.options.flows());
    // an answer may take long: a preview, an export, a socket by polling
    const untrack = this.options.account.trackOpen(permission, () => request.socket.destroy());
    response.once("close", untrack);
    this.handOn(route, target.segments, request, response);
  }

  /** The dashboard's WebSocket. Only a session of this very host opens it, and it ends with the session. */
  upgrade(request: GuardedRequest, socket: Duplex, head: Buffer): void {
    const target = readRequestTarget(request.url);
    const route = target.ok ? routeOf("gui", target.segments) : undefined;
    if (!target.ok || !hasPlainHost(request.rawHeaders, request.httpVersion))
      return refuseUpgrade(socket, 400);
    if (route?.to !== "socket" || request.method !== "GET") return refuseUpgrade(socket, 404);
    const { account } = this.options;
    const permission = permit(account, request, route);
    if (!permission.ok) return refuseUpgrade(socket, permission.status);
    if (!isSameOrigin(request)) return refuseUpgrade(socket, 403);
    socket.once(
      "close",
      account.trackOpen(permission, () => socket.destroy()),
    );
    request.streampulseAccess = permission.access;
    this.options.doors.upgrade(request, socket, head);
  }

  private handOn(
    route: Route,
    segments: readonly string[],
    request: GuardedRequest,
    response: ServerResponse,
  ): void {
    const { doors, logger } = this.options;
    // socket.io hangs on the server itself and looks at the cookie a second time
    if (route.to === "socket") return doors.server(request, response);
    hideCredentials(request);
    if (route.to === "resource") return doors.server(request, response);
    const unanswered = (error?: unknown) => {
      if (error) {
        logger.warn(`${request.method} ${request.url?.split("?", 1)[0]} failed: ${reasonOf(error)}`);
        const message = "The flow that answers this path failed; see the log.";
        return answerError(response, 500, "flow_failed", message);
      }
      // what the status API promises is missing for now; anything else a flow might answer is just not there
      const status = routeOf("api", segments) ? 503 : 404;
      const message = "No flow answers this path now: look at the tab API in the editor, or try again.";
      answerError(response, status, "no_flow", message);
    };
    const toFlow = () => {
      this.limitWait(request, response);
      doors.flow(request, response, unanswered);
    };
    if (!isWrite(request)) return toFlow();
    readFlowBody(request, route.mostBytes ?? 0).then(toFlow, (error: unknown) => {
      if (!(error instanceof BodyError)) return unanswered(error);
      // what is left of the body is not read, so that no other request can follow it
      answerError(response, error.status, "bad_request", error.message, { Connection: "close" });
    });
  }

  /** A message that was on its way through a flow when that was deployed never arrives: its request must not wait for ever. */
  private limitWait(request: IncomingMessage, response: ServerResponse): void {
    const { clock } = this.options;
    const [limitMs, advice] = isWrite(request)
      ? [WRITE_ANSWER_MS, "Look whether it was done before you try again."]
      : [READ_ANSWER_MS, "Try again."];
    const message = `The flow did not answer; it may just have been deployed. ${advice}`;
    const timer = clock.setTimeout(() => answerError(response, 503, "no_answer", message), limitMs);
    response.once("close", () => clock.clearTimeout(timer));
  }

  private answerOwn(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    session: string | undefined,
  ): void {
    this.options.pages.answer(path, request, response, session).catch((error: unknown) => {
      this.options.logger.error(`${path} failed: ${reasonOf(error)}`);
      answerError(response, 500, "internal_error", "This failed inside StreamPulse; see the log.");
    });
  }

  private entrance(url = "/"): string {
    if (this.options.account.setupNeeded) return "/setup";
    return url === "/" ? "/login" : `/login?next=${encodeURIComponent(url)}`;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

/** The dashboard asks for `_setup` by script, and a script cannot follow to a login page. */
function wantsPage(request: IncomingMessage, path: string): boolean {
  return isNavigation(request) && !path.startsWith("/api/") && !path.endsWith("/_setup");
}

function refuseUpgrade(socket: Duplex, status: 400 | 401 | 403 | 404): void {
  const words = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found" };
  const head = `HTTP/1.1 ${status} ${words[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}
