import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import path from "node:path";
import { describe, it } from "node:test";
import { silentLogger } from "../../../common/logger";
import { Account } from "../../../runtime/auth/account";
import { AuthFile } from "../../../runtime/auth/auth-file";
import { dashboardIoMiddleware, type LiveSocket } from "../../../runtime/auth/dashboard-socket";
import { FakeClock } from "../../support/fake-clock";
import { temporaryFolder } from "../../support/temporary-folder";

class FakeSocket extends EventEmitter {
  disconnected = false;
  constructor(readonly request: object) {
    super();
  }
  disconnect(): void {
    this.disconnected = true;
  }
}

describe("the dashboard's socket", () => {
  it("opens to a session of the same host only, and is cut when its session ends", (t) => {
    const authFile = AuthFile.open(path.join(temporaryFolder(t), "auth.json"));
    const clock = new FakeClock();
    const account = new Account({
      authFile,
      adminPassword: "from outside",
      apiToken: "may-only-read",
      clock,
      logger: silentLogger,
    });
    account.adoptEnvironment();
    const secret = account.sessions.create();
    const { token } = account.tokens.create("script");
    const middleware = dashboardIoMiddleware(account);
    const open = (headers: Record<string, string>) => {
      const socket = new FakeSocket({ headers, method: "GET", socket: {} });
      let result = "nothing";
      middleware(socket as unknown as LiveSocket, (error) => (result = error ? error.message : "open"));
      return { socket, result };
    };
    const cookie = `streampulse_session=${secret}`;
    const origin = "http://cam.example";
    const mine = open({ host: "cam.example", origin, cookie });
    assert.equal(mine.result, "open");
    const anonymous = "Sign in: this is for people, and takes no API token.";
    for (const known of [token, "may-only-read"]) {
      assert.equal(open({ host: "cam.example", origin, authorization: `Bearer ${known}` }).result, anonymous);
    }
    const foreign = "A page of another address opened this socket.";
    assert.equal(open({ host: "cam.example", origin: "http://evil.example", cookie }).result, foreign);
    assert.equal(open({ host: "cam.example", cookie }).result, foreign);
    assert.equal(open({ host: "cam.example", origin }).result, anonymous);
    const gone = open({ host: "cam.example", origin, cookie });
    gone.socket.emit("disconnect");
    account.signOutEverywhere();
    assert.equal(mine.socket.disconnected, true);
    assert.equal(gone.socket.disconnected, false);
    assert.equal(open({ host: "cam.example", origin, cookie }).result, anonymous);
  });
});
