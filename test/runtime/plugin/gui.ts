import { createServer, type Server } from "node:http";
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
}

/** The dashboard's port in front of a flow of the test's own, without a Node-RED. */
export async function startGui(
  t: TestContext,
  options: { adminPassword?: string; flow?: NodeRedDoors["flow"]; facts?: FlowFacts; setUp?: boolean } = {},
): Promise<GuiUnderTest> {
  const { adminPassword, facts = WITH_DASHBOARD, flow = (_request, _response, next) => next() } = options;
  const clock = new FakeClock();
  const authFile = AuthFile.open(path.join(temporaryFolder(t), "auth.json"));
  const account = new Account({ authFile, adminPassword, clock, logger: silentLogger });
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
  const doors: NodeRedDoors = { flow, server: () => {}, upgrade: () => {} };
  const gateway = new Gateway({ account, pages, doors, logger: silentLogger, flows });
  const server: Server = createServer((request, response) => gateway.handle("gui", request, response));
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
  };
}

export { cookieOf, post };
