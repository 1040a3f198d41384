import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { errorValue } from "../http/answers";

export interface PublicListenerOptions {
  /** How the log calls it: "status API". */
  name: string;
  host: string;
  port: number;
  /** The environment variable that sets the port. */
  variable: string;
  logger: Logger;
  clock: Clock;
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Called with what is the matter, and with nothing when it listens. */
  onState(problem: string | undefined): void;
}

const RETRY_MS = 5000;

/**
 * One HTTP server with limits on everything a stranger can make last, grow or repeat. A port that is taken is tried
 * again until it is free, so that the rest of the product runs meanwhile.
 */
export class PublicListener {
  private server?: Server;
  private timer: unknown;
  private problem?: string;
  private readonly upgraded = new Set<Duplex>();

  constructor(private readonly options: PublicListenerOptions) {}

  start(): void {
    const { port, host, logger, name } = this.options;
    const server = this.createServer();
    this.server = server;
    server.once("error", (error: NodeJS.ErrnoException) => this.retry(error));
    server.listen(port, host, () => {
      this.problem = undefined;
      this.options.onState(undefined);
      logger.info(`${name} listens on ${this.url}`);
      server.on("error", (error) => logger.error(`${name}: ${error.message}`));
    });
  }

  /** The port in use; undefined while it does not listen. */
  get port(): number | undefined {
    return this.server?.listening ? (this.server.address() as AddressInfo).port : undefined;
  }

  get url(): string {
    return listenerUrl(this.options.host, this.port ?? this.options.port);
  }

  /** Closes the port and every connection on it. */
  async stop(): Promise<void> {
    this.options.clock.clearTimeout(this.timer);
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    for (const socket of this.upgraded) socket.destroy();
    await closed;
  }

  private createServer(): Server {
    const server = createServer({
      maxHeaderSize: 16_384,
      headersTimeout: 10_000,
      // of the request, not of the answer: a preview may run for as long as somebody looks
      requestTimeout: 30_000,
      keepAliveTimeout: 10_000,
      connectionsCheckingInterval: 5000,
    });
    server.maxConnections = 1000;
    server.maxHeadersCount = 100;
    server.on("request", (request, response) => this.options.onRequest(request, response));
    server.on("clientError", answerClientError);
    const { onUpgrade } = this.options;
    if (onUpgrade) {
      server.on("upgrade", (request, socket, head) => {
        this.upgraded.add(socket);
        socket.once("close", () => this.upgraded.delete(socket));
        socket.on("error", () => socket.destroy());
        onUpgrade(request, socket, head);
      });
    }
    return server;
  }

  private retry(error: NodeJS.ErrnoException): void {
    const problem = listenProblem(error, this.options);
    // once, and not every few seconds
    if (problem !== this.problem) this.options.logger.error(problem);
    this.problem = problem;
    this.options.onState(problem);
    this.timer = this.options.clock.setTimeout(() => this.start(), RETRY_MS);
  }
}

/** One sentence with the port, the variable and the mend. */
export function listenProblem(
  error: NodeJS.ErrnoException,
  where: { name: string; host: string; port: number; variable: string },
): string {
  const { name, host, port, variable } = where;
  const again = `It is tried again every ${RETRY_MS / 1000} s.`;
  if (error.code === "EADDRINUSE") {
    return `Port ${port} for the ${name} is in use by another program: end that one, or set ${variable} to a free port. ${again}`;
  }
  if (error.code === "EACCES") {
    return `Port ${port} for the ${name} may not be opened by this user: set ${variable} to a port above 1023. ${again}`;
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return `${host} is no address of this machine, so that the ${name} cannot listen: set STREAMPULSE_BIND. ${again}`;
  }
  return `The ${name} cannot listen on ${host} port ${port} (${variable}): ${error.message}. ${again}`;
}

/** An address that can be opened in a browser on this machine. */
export function listenerUrl(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}/`;
}

/** What cannot be read as HTTP gets a plain answer where one can still be sent. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable || (socket as Socket).bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = `${JSON.stringify(errorValue("bad_request", "This is not a request that can be read."))}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
