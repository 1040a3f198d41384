import { createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { generate, parser, type Packet } from "mqtt-packet";
import { systemClock } from "../../common/clock";
import { listen, LOOPBACK } from "../../demo/cameras";
import type { BrokerSettings } from "../../nodes/mqtt-status/broker-settings";
import { BrokerConnection } from "../../nodes/mqtt-status/connection";
import type { Link } from "../../nodes/mqtt-status/link";
import { RecordingLogger } from "../support/recording-logger";
import { until } from "../support/until";

const SETTINGS: Omit<BrokerSettings, "port"> = {
  ...{ host: LOOPBACK, tls: false, websocket: false, clientId: "streampulse_test" },
  ...{ protocolVersion: 4, tlsInsecure: false },
};

/** A connection that ends with the test. */
export function connect(
  test: TestContext,
  settings: Partial<BrokerSettings> & { port: number },
  clock = systemClock,
  random = 0,
) {
  const logger = new RecordingLogger();
  const told = { online: 0, offline: 0, messages: 0, link: undefined as Link | undefined };
  const connection = new BrokerConnection({
    settings: { ...SETTINGS, ...settings },
    ...{ clock, logger, random: () => random },
    onOnline: (link) => {
      told.online++;
      told.link = link;
    },
    onOffline: () => told.offline++,
    onMessage: () => told.messages++,
    onChange: () => {},
  });
  test.after(() => connection.stop());
  connection.start();
  const failure = () => until(() => connection.failure);
  return { connection, logger, told, failure };
}

export async function serve(test: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return listen(server, 0, LOOPBACK);
}

/** A broker that reads packets and does as it is told. */
export function scripted(
  test: TestContext,
  answer: (packet: Packet, socket: Socket) => void,
): Promise<number> {
  return serve(
    test,
    createServer((socket) => {
      const packets = parser({ protocolVersion: 4 });
      packets.on("packet", (packet: Packet) => answer(packet, socket));
      socket.on("data", (chunk) => packets.parse(chunk));
    }),
  );
}

/** What a broker says to who may come in. */
export const accept = generate({ cmd: "connack", returnCode: 0, sessionPresent: false });
