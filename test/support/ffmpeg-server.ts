import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { listen, LOOPBACK } from "../../demo/cameras";

/** What every picture of these servers is made of: a test picture as fast as it would be watched, and a tone. */
const SOURCE = [
  ..."-v error -re -f lavfi -i testsrc=size=320x240:rate=10".split(" "),
  ..."-f lavfi -i sine=frequency=440".split(" "),
];

/**
 * A web server before ffmpeg: a path under `/run/` is answered with what a new ffmpeg writes, with the arguments that the
 * server was given for it; any other path is a file of its folder. Needs "ffmpeg".
 */
export class FfmpegServer {
  private readonly children = new Set<ChildProcess>();
  private readonly server: Server;

  /** @param outputs by name: the media type, and ffmpeg's arguments after its source */
  constructor(
    private readonly folder: string,
    private readonly outputs: Record<string, { type: string; args: string }> = {},
  ) {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @returns the beginning of its URLs, without a slash at the end */
  async start(): Promise<string> {
    return `http://${LOOPBACK}:${await listen(this.server, 0, LOOPBACK)}`;
  }

  /** Starts an ffmpeg that writes into the folder until the server stops. */
  write(args: string): void {
    this.run(args);
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.children].map(async (child) => {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      }),
    );
    this.server.closeAllConnections();
    this.server.close();
  }

  private run(args: string): ChildProcess {
    const child = spawn("ffmpeg", [...SOURCE, ...args.split(" ")], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.children.add(child);
    child.once("exit", () => this.children.delete(child));
    return child;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const name = path.basename(request.url ?? "");
    const output = request.url?.startsWith("/run/") ? this.outputs[name] : undefined;
    if (output) {
      const child = this.run(output.args);
      response.writeHead(200, { "Content-Type": output.type });
      child.stdout?.pipe(response);
      response.once("close", () => child.kill("SIGKILL"));
      return;
    }
    const file = createReadStream(path.join(this.folder, name));
    file.once("error", () => response.writeHead(404).end());
    file.once("open", () => file.pipe(response.writeHead(200)));
  }
}
