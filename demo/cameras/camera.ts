import type { AddressInfo, Server } from "node:net";

/** A simulated camera. It listens on loopback only. */
export interface Camera {
  /** @returns the URL of its (first) stream, without credentials. After a stop() it comes back on the same port. */
  start(): Promise<{ url: string }>;
  /** Stops listening and closes every connection, within 1 s. Safe to call twice. */
  stop(): Promise<void>;
}

export interface Credentials {
  username: string;
  password: string;
}

export const LOOPBACK = "127.0.0.1";

export function withCredentials(url: string, { username, password }: Credentials): string {
  return url.replace("://", `://${encodeURIComponent(username)}:${encodeURIComponent(password)}@`);
}

/** @returns the port, which the system chooses when `port` is 0 */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
