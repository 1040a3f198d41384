import { createServer, type Server, type Socket } from "node:net";
import type { Aedes, AedesOptions } from "aedes" with { "resolution-mode": "import" };
import { listen, LOOPBACK } from "./cameras";

/** A broker in this process, for the demo, the tests and the bench. */
export class MqttBroker {
  private aedes?: Aedes;
  private server?: Server;
  private readonly sockets = new Set<Socket>();
  port = 0;

  constructor(private readonly options: AedesOptions = {}) {}

  /** @param port 0: any free one */
  async start(port = 0): Promise<number> {
    // an ES module
    const { Aedes: Broker } = await import("aedes");
    const aedes = await Broker.createBroker(this.options);
    this.aedes = aedes;
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
      aedes.handle(socket);
    });
    this.port = await listen(this.server, port, LOOPBACK);
    return this.port;
  }

  get url(): string {
    return `mqtt://${LOOPBACK}:${this.port}`;
  }

  /** The broker itself; it must have been started. */
  get inner(): Aedes {
    if (!this.aedes) throw new Error("the broker was not started");
    return this.aedes;
  }

  /** Breaks off all connections. */
  dropClients(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const { aedes, server } = this;
    this.aedes = this.server = undefined;
    server?.close();
    await new Promise<void>((resolve) => (aedes ? aedes.close(() => resolve()) : resolve()));
  }
}
