import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { Account } from "../auth/account";

/**
 * The open connections of editors. Node-RED checks a token when one begins and never again, so that a token that has
 * become void would go on to hear everything.
 */
export class EditorSockets {
  constructor(
    private readonly server: Server,
    private readonly account: Account,
  ) {}

  start(): void {
    this.server.on("upgrade", this.track);
  }

  stop(): void {
    this.server.off("upgrade", this.track);
  }

  private readonly track = (request: IncomingMessage, socket: Duplex): void => {
    if (request.url?.split("?", 1)[0] !== "/comms") return;
    const untrack = this.account.trackEditor(() => socket.destroy());
    socket.once("close", untrack);
  };
}
