import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { type Camera, listen, LOOPBACK } from "./camera";

/** A camera that is not there: its URL leads to a port on which nobody listens. */
export class DeadCamera implements Camera {
  constructor(private readonly path = "/live") {}

  async start(): Promise<{ url: string }> {
    return { url: `rtsp://${LOOPBACK}:${await unusedPort()}${this.path}` };
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** A free port below those that systems give out by themselves, so that nobody is given it meanwhile. */
export async function unusedPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const server = createServer();
    try {
      const port = await listen(server, randomInt(20_000, 30_000), LOOPBACK);
      await new Promise((resolve) => server.close(resolve));
      return port;
    } catch {
      // somebody has it: another one
    }
  }
  throw new Error(`No free port from 20000 to 30000 was found on ${LOOPBACK}.`);
}
