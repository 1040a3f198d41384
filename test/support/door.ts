import { connect, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { listen, LOOPBACK } from "../../demo/cameras";

/** Lets connections through to a server, as long as it is open, and as fast as it is told. Ends with the test. */
export class Door {
  /** That came in so far. */
  connections = 0;
  private open = true;
  private readonly pairs = new Set<{ outer: Socket; inner: Socket }>();
  private readonly server: Server;
  /** Of what goes to the server; 0: nothing. */
  bytesPerSecond = Infinity;

  private constructor(
    readonly port: number,
    server: Server,
  ) {
    this.server = server;
  }

  static async start(test: TestContext, serverPort: number, host = LOOPBACK): Promise<Door> {
    const server = createServer();
    const door = new Door(await listen(server, 0, host), server);
    server.on("connection", (outer: Socket) => door.enter(outer, serverPort));
    test.after(() => door.stop());
    return door;
  }

  /** Nobody comes in any more; who is in stays. */
  close(): void {
    this.open = false;
  }

  reopen(): void {
    this.open = true;
  }

  /** Cuts all connections, so that neither side hears a farewell. */
  cut(): void {
    for (const { outer, inner } of this.pairs) {
      outer.destroy();
      inner.destroy();
    }
  }

  private enter(outer: Socket, serverPort: number): void {
    outer.on("error", () => {});
    if (!this.open) return void outer.destroy();
    this.connections++;
    const inner = connect(serverPort, LOOPBACK).on("error", () => {});
    const pair = { outer, inner };
    this.pairs.add(pair);
    outer.on("data", (piece: Buffer) => this.pass(pair, piece));
    inner.pipe(outer);
    outer.on("end", () => inner.end());
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      one.on("close", () => {
        other.destroy();
        this.pairs.delete(pair);
      });
    }
  }

  private pass({ outer, inner }: { outer: Socket; inner: Socket }, piece: Buffer): void {
    if (this.bytesPerSecond === Infinity) return void inner.write(piece);
    outer.pause();
    const look = () => {
      if (outer.destroyed) return;
      if (this.bytesPerSecond === 0) return void setTimeout(look, 20);
      inner.write(piece);
      setTimeout(() => outer.resume(), (piece.length / this.bytesPerSecond) * 1000);
    };
    look();
  }

  private stop(): void {
    this.server.close();
    this.cut();
  }
}
