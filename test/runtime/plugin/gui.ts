import { createServer, get, type IncomingMessage, type Server } from "node:http";
import path from "node:path";
import type { TestContext } from "node:test";
import { silentLogger } from "../../../common/logger";
import { listen, LOOPBACK } from "../../../demo/cameras";
import { Account } from "../../../runtime/auth/account";
import { AuthFile } from "../../../runtime/auth/auth-file";
import type { FlowFacts } from "../../../runtime/plugin/flow-headers";
import { Gateway, type NodeRedDoors } from "../../../runtime/plugin/gateway";
import { HealthCollector } from "../../../runtime/plugin/health";
import { ProductPages } from "../../../runtime/plugin/own-pages";
import { FakeClock } from "../../support/fake-clock";
import { temporaryFolder } from "../../support/temporary-folder";
import { cookieOf, post } from "../support";

export const PASSWORD = "correct horse battery";
export const WITH_DASHBOARD: FlowFacts = {
  streamsPage: "/dashboard/streams",
  settingsPage: "/dashboard/settings",
  hasTemplates: false,
};

export interface GuiUnderTest {
  url: string;
  account: Account;
  clock: FakeClock;
  /** A fresh session's cookie. */
  session: () => string;
  get: (place: string, headers?: Record<string, string>) => Promise<Response>;
  /** Sends JSON as a page of this address does. */
  json: (place: string, body: object, cookie: string, headers?: Record<string, string>) => Promise<Response>;
  /** Asks for a WebSocket; @returns the status code. Node-RED is not there and ends what it is handed with 101. */
  upgrade: (place: string, headers?: Record<string, string>) => Promise<number | undefined>;
}

/** The dashboard's port in front of a flow of the test's own, without a Node-RED. */
export async function startGui(
  t: TestContext,
  options: {
    adminPassword?: string;
    apiToken?: string;
    flow?: NodeRedDoors["flow"];
    facts?: FlowFacts;
    setUp?: boolean;
  } = {},
): Promise<GuiUnderTest> {
  const { adminPassword, apiToken, facts = WITH_DASHBOARD } = options;
  const { flow = (_request, _response, next) => next() } = options;
  const clock = new FakeClock();
  const authFile = AuthFile.open(path.join(temporaryFolder(t), "auth.json"));
  const account = new Account({ authFile, adminPassword, apiToken, clock, logger: silentLogger });
  account.adoptEnvironment();
  const health = new HealthCollector("1.2.3", clock, { figures: () => ({}) as never });
  const flows = () => facts;
  const pages = new ProductPages({
    account,
    health,
    trustProxy: false,
    version: "1.2.3",
    flows,
    editorUrl: () => "-",
  });
  const doors: NodeRedDoors = {
    flow,
    server: () => {},
    upgrade: (_request, socket) =>
      socket.end("HTTP/1.1 101 -\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
  };
  const gateway = new Gateway({ account, pages, doors, logger: silentLogger, flows, clock });
  const server: Server = createServer((request, response) => gateway.handle("gui", request, response));
  server.on("upgrade", (request: IncomingMessage, socket, head) => gateway.upgrade(request, socket, head));
  const url = `http://${LOOPBACK}:${await listen(server, 0, LOOPBACK)}/`;
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  if (adminPassword === undefined && options.setUp !== false) {
    const form = { code: account.setupCode, password: PASSWORD, repeated: PASSWORD };
    await account.setUp(form, "192.0.2.1");
  }
  return {
    url,
    account,
    clock,
    session: () => `streampulse_session=${account.sessions.create()}`,
    get: (place, headers = {}) => fetch(url + place, { redirect: "manual", headers }),
    json: (place, body, cookie, headers = {}) =>
      fetch(url + place, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", origin: new URL(url).origin, cookie, ...headers },
      }),
    upgrade: (place, headers = {}) =>
      new Promise((resolve, reject) => {
        const answered = ({ statusCode }: IncomingMessage) => resolve(statusCode);
        get(url + place, { headers: { connection: "Upgrade", upgrade: "websocket", ...headers } })
          .on("upgrade", answered)
          .on("response", (response) => answered(response.resume()))
          .on("error", reject);
      }),
  };
}

export { cookieOf, post };
