import type { Server } from "node:http";
import { createServer } from "node:net";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { listenProblem } from "./public-listener";

export interface EditorPortOptions {
  host: string;
  port: number;
  variable: string;
  logger: Logger;
  clock: Clock;
  onState: (problem: string | undefined) => void;
}

type Listen = (port: number, host: string, ready: () => void) => Server;

const RETRY_MS = 5000;

/**
 * Node-RED ends its whole process when its own port is taken. Here that must cost the editor only: the port is tried
 * before Node-RED's server opens it, and as long as it is taken the server waits.
 */
export class EditorPort {
  private timer: unknown;
  private stopped = false;
  private problem?: string;

  constructor(
    private readonly server: Server,
    private readonly options: EditorPortOptions,
  ) {}

  start(): void {
    const listen = this.server.listen.bind(this.server) as Listen;
    const patient: Listen = (port, host, ready) => {
      this.attempt(port, host, () => listen(port, host, ready));
      return this.server;
    };
    Object.assign(this.server, { listen: patient });
    this.server.once("listening", () => this.options.onState(undefined));
    if (this.server.listening) this.options.onState(undefined);
  }

  stop(): void {
    this.stopped = true;
    this.options.clock.clearTimeout(this.timer);
  }

  private attempt(port: number, host: string, open: () => void): void {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      this.wait(error, () => this.attempt(port, host, open)),
    );
    probe.listen(port, host, () => {
      probe.close(() => {
        if (!this.stopped) open();
      });
    });
  }

  private wait(error: NodeJS.ErrnoException, again: () => void): void {
    const { clock, logger, onState } = this.options;
    if (this.stopped) return;
    const problem = listenProblem(error, { ...this.options, name: "editor" });
    if (problem !== this.problem) logger.error(problem);
    this.problem = problem;
    onState(problem);
    this.timer = clock.setTimeout(again, RETRY_MS);
  }
}
