import type { IncomingMessage } from "node:http";
import type { Account } from "./account";
import { permit } from "./access";
import { isSameOrigin } from "./requests";

/** What is needed of a socket of socket.io. */
export interface LiveSocket {
  request: IncomingMessage;
  disconnect(close: boolean): unknown;
  once(event: "disconnect", listener: () => void): unknown;
}

/**
 * Lets a session of this host in, and cuts its socket when it ends.
 *
 * `dashboard.ioMiddleware:` of the settings file. It takes the place of the dashboard's own check of the origin, and it
 * is the only guard of the socket on Node-RED's own port, where `httpNodeAuth` does not see sockets.
 */
export function dashboardIoMiddleware(account: Account) {
  return (socket: LiveSocket, next: (error?: Error) => void): void => {
    const permission = permit(account, socket.request, { to: "socket", access: "account", methods: [] });
    if (!permission.ok) return next(new Error(permission.message));
    if (!isSameOrigin(socket.request))
      return next(new Error("A page of another address opened this socket."));
    const untrack = account.trackOpen(permission, () => socket.disconnect(true));
    socket.once("disconnect", untrack);
    next();
  };
}
