import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, beforeEach, describe, it } from "node:test";
import { silentLogger } from "../../../common/logger";
import { Account } from "../../../runtime/auth/account";
import { AuthFile } from "../../../runtime/auth/auth-file";
import { ConfigurationError } from "../../../runtime/paths";
import { FakeClock } from "../../support/fake-clock";
import { RecordingLogger } from "../../support/recording-logger";
import { SmallDisk } from "../../support/small-disk";
import { temporaryFolder } from "../../support/temporary-folder";

const DAY_MS = 24 * 3_600_000;
const PASSWORD = "correct horse battery";
const HERE = "192.0.2.1";

const folder = temporaryFolder();
let files = 0;
let file: string;
let clock: FakeClock;

beforeEach(() => {
  file = path.join(folder, `auth-${++files}.json`);
  clock = new FakeClock();
});

function open(settings: { adminPassword?: string; apiToken?: string } = {}): Account {
  const account = new Account({ authFile: AuthFile.open(file), clock, logger: silentLogger, ...settings });
  account.adoptEnvironment();
  return account;
}

const form = (account: Account, password = PASSWORD, code = account.setupCode) => ({
  code,
  password,
  repeated: password,
});

async function ready(): Promise<{ account: Account; session: string }> {
  const account = open();
  const result = await account.setUp(form(account), HERE);
  assert.ok(result.ok);
  return { account, session: result.session };
}

function storedSessions(): unknown[] {
  return (JSON.parse(readFileSync(file, "utf8")) as { sessions: unknown[] }).sessions;
}

describe("auth.json", () => {
  it(
    "is readable by its owner only, also when somebody made it wider",
    { skip: process.platform === "win32" },
    () => {
      open();
      assert.equal(statSync(file).mode & 0o777, 0o600);
      chmodSync(file, 0o644);
      open();
      assert.equal(statSync(file).mode & 0o777, 0o600);
    },
  );

  it("keeps no password, session or token in clear", async () => {
    const { account, session } = await ready();
    const { token } = account.tokens.create("grafana");
    const text = readFileSync(file, "utf8");
    for (const secret of [PASSWORD, session, token]) assert.equal(text.includes(secret), false);
  });

  it("stays whole when the disk is full, and what has changed meanwhile is kept once there is room", (t) => {
    const disk = SmallDisk.mount(t, 128);
    if (!disk) return;
    file = path.join(disk.folder, "auth.json");
    const logger = new RecordingLogger();
    const account = new Account({ authFile: AuthFile.open(file), adminPassword: PASSWORD, clock, logger });
    account.adoptEnvironment();
    account.start();
    const old = Array.from({ length: 40 }, () => account.sessions.create());
    const whole = readFileSync(file, "utf8");
    disk.fill(1);
    const fresh = account.sessions.create();
    account.sessions.end(account.sessions.use(old[0] ?? "") ?? "");
    assert.equal(readFileSync(file, "utf8"), whole);
    assert.deepEqual(readdirSync(disk.folder).sort(), ["auth.json", "others"]);
    assert.deepEqual(logger.texts(), [
      "auth.json cannot be written (ENOSPC: no space left on device, write): until it can, a restart ends new sessions and brings back those that have ended",
    ]);
    assert.notEqual(account.sessions.use(fresh), undefined);
    rmSync(path.join(disk.folder, "others"));
    clock.pass(60_000);
    assert.equal(logger.texts().at(-1), "auth.json can be written again");
    account.stop();
    const { sessions } = new Account({
      authFile: AuthFile.open(file),
      adminPassword: PASSWORD,
      clock,
      logger,
    });
    assert.deepEqual(
      [old[0], old[1], fresh].map((session) => sessions.use(session ?? "") !== undefined),
      [false, true, true],
    );
  });

  it("that cannot be written keeps nobody signed in, nor any editor open", (t) => {
    const disk = SmallDisk.mount(t);
    if (!disk) return;
    file = path.join(disk.folder, "auth.json");
    const account = open({ adminPassword: PASSWORD });
    const session = account.sessions.create();
    const { generation } = account;
    let cuts = 0;
    account.trackEditor(() => cuts++);
    disk.fill(0);
    assert.throws(() => account.signOutEverywhere(), { code: "ENOSPC" });
    assert.equal(account.sessions.use(session), undefined);
    assert.deepEqual([cuts, account.generation], [1, generation + 1]);
  });

  const damages: [string, string, string][] = [
    ["empty", "", "it is empty"],
    ["half written", '{"version":1,', "it is not JSON"],
    ["of another shape", '{"version":1}', "generation: Invalid input: expected number, received undefined"],
    ["of a later version", '{"version":2}', "version: Invalid input: expected 1"],
  ];
  for (const [name, content, what] of damages) {
    it(`that is ${name} stops the start and stays as it is`, () => {
      writeFileSync(file, content);
      assert.throws(open, (error: Error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.ok(
          error.message.startsWith(`${file} holds the login and is damaged (${what}).`),
          error.message,
        );
        return true;
      });
      assert.equal(readFileSync(file, "utf8"), content);
    });
  }
});

describe("the set-up", () => {
  it("takes the code of the log once, in any writing", async () => {
    const account = open();
    assert.equal(account.setupNeeded, true);
    const { setupCode } = account;
    assert.match(setupCode, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/);
    const typed = ` ${setupCode.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `;
    const result = await account.setUp(form(account, PASSWORD, typed), HERE);
    assert.equal(result.ok, true);
    assert.equal(account.setupNeeded, false);
    assert.equal(open().setupNeeded, false);
  });

  it("shows another code at each start, and after twenty wrong ones", async () => {
    const account = open();
    const first = account.setupCode;
    assert.notEqual(open().setupCode, first);
    for (let tried = 0; tried < 20; tried++) {
      assert.equal(account.setupCode, first);
      const result = await account.setUp(form(account, PASSWORD, "0000-0000-0000"), `192.0.2.${tried}`);
      assert.deepEqual(result, {
        ok: false,
        field: "code",
        problem: "wrong_code",
      });
    }
    assert.notEqual(account.setupCode, first);
    assert.equal((await account.setUp(form(account, PASSWORD, first), "192.0.2.99")).ok, false);
  });

  it("lets only one of two choose", async () => {
    const account = open();
    const both = await Promise.all([
      account.setUp(form(account, "the first password"), HERE),
      account.setUp(form(account, "the second password"), HERE),
    ]);
    assert.deepEqual(both.map(({ ok }) => ok).sort(), [false, true]);
  });

  const problems: [string, string, string][] = [
    ["short one", "short one", "too_short"],
    ["x".repeat(201), "x".repeat(201), "too_long"],
    [PASSWORD, `${PASSWORD}!`, "not_same"],
    ["Admin12345", "Admin12345", "begins_with_admin"],
  ];
  for (const [password, repeated, problem] of problems) {
    it(`says: ${problem}`, async () => {
      const account = open();
      const result = await account.setUp({ code: account.setupCode, password, repeated }, HERE);
      assert.deepEqual(result, { ok: false, field: "password", problem });
      assert.equal(account.setupNeeded, true);
    });
  }

  it("does not take the code as the password", async () => {
    const account = open();
    const result = await account.setUp(form(account, account.setupCode), HERE);
    assert.deepEqual(result, {
      ok: false,
      field: "password",
      problem: "is_code",
    });
  });
});

describe("signing in", () => {
  let prepared: string;
  before(async () => {
    file = path.join(folder, "auth-prepared.json");
    clock = new FakeClock();
    await ready();
    prepared = readFileSync(file, "utf8");
  });
  const account = () => {
    writeFileSync(file, prepared);
    return open();
  };

  it("wants the password, in any composition of its letters", async () => {
    const one = account();
    assert.deepEqual(await one.signIn("wrong", HERE), { ok: false, waitMs: 0 });
    assert.deepEqual(await one.signIn("x".repeat(5000), HERE), { ok: false, waitMs: 0 });
    assert.equal((await one.signIn(PASSWORD, HERE)).ok, true);
  });

  it("makes an address wait longer and longer, even for the right password", async () => {
    const one = account();
    for (let tries = 0; tries < 5; tries++) {
      assert.deepEqual(await one.signIn("wrong", HERE), { ok: false, waitMs: 0 });
    }
    assert.deepEqual(await one.signIn(PASSWORD, HERE), { ok: false, waitMs: 1000 });
    assert.equal((await one.verify(PASSWORD, "192.0.2.2")).ok, true);
    clock.pass(1000);
    assert.deepEqual(await one.signIn("wrong", HERE), { ok: false, waitMs: 0 });
    assert.deepEqual(await one.signIn(PASSWORD, HERE), { ok: false, waitMs: 2000 });
    clock.pass(2000);
    assert.equal((await one.signIn(PASSWORD, HERE)).ok, true);
    assert.deepEqual(await one.signIn("wrong", HERE), { ok: false, waitMs: 0 });
  });

  it("counts tries that come at once before their answers", async () => {
    const one = account();
    const results = await Promise.all(Array.from({ length: 30 }, () => one.signIn("wrong", HERE)));
    assert.equal(results.filter((result) => !result.ok && result.waitMs === 0).length, 5);
  });

  it("never makes the owner wait long for the tries of others", async () => {
    const one = account();
    let others = 0;
    for (; others < 200; others++) {
      const result = await one.verify("x".repeat(201), `198.51.100.${others}`);
      if (!result.ok && result.waitMs > 0) clock.pass(result.waitMs);
    }
    const result = await one.signIn(PASSWORD, HERE);
    if (!result.ok) assert.ok(result.waitMs <= 10_000);
    clock.pass(10_000);
    assert.equal((await one.signIn(PASSWORD, HERE)).ok, true);
  });
});

describe("sessions", () => {
  it("survive a restart", async () => {
    const { session } = await ready();
    assert.notEqual(open().sessions.use(session), undefined);
    assert.equal(open().sessions.use(`${session}x`), undefined);
  });

  it("end after 7 days without use", async () => {
    const { account, session } = await ready();
    for (let day = 0; day < 6; day++) {
      clock.pass(3 * DAY_MS);
      assert.notEqual(account.sessions.use(session), undefined);
    }
    clock.pass(7 * DAY_MS + 1);
    assert.equal(account.sessions.use(session), undefined);
    assert.deepEqual(storedSessions(), []);
  });

  it("end after 30 days however they are used", async () => {
    const { account, session } = await ready();
    for (let day = 0; day < 30; day++) {
      clock.pass(DAY_MS);
      assert.notEqual(account.sessions.use(session), undefined);
    }
    clock.pass(1);
    assert.equal(account.sessions.use(session), undefined);
  });

  it("cut what they hold open when they end, also when nobody asks any more", async () => {
    const { account, session } = await ready();
    const hash = account.sessions.use(session) ?? "";
    let cuts = 0;
    const untrack = account.sessions.track(hash, () => (cuts += 100));
    account.sessions.track(hash, () => cuts++);
    untrack();
    account.start();
    clock.pass(7 * DAY_MS);
    assert.equal(cuts, 0);
    clock.pass(60_000);
    assert.equal(cuts, 1);
    account.stop();
    assert.equal(clock.pending, 0);
  });

  it("all end at once when told so, and the editor's with them", async () => {
    const { account, session } = await ready();
    const other = await account.signIn(PASSWORD, HERE);
    const { generation } = account;
    account.signOutEverywhere();
    assert.equal(account.sessions.use(session), undefined);
    assert.equal(other.ok && account.sessions.use(other.session), undefined);
    assert.equal(account.generation, generation + 1);
  });

  it("are bounded in number: the oldest ends", async () => {
    const { account, session } = await ready();
    for (let more = 0; more < 200; more++) account.sessions.create();
    assert.equal(account.sessions.use(session), undefined);
    assert.equal(storedSessions().length, 200);
  });
});

describe("STREAMPULSE_ADMIN_PASSWORD", () => {
  it("wins over the chosen password, which comes back when it is gone", async () => {
    await ready();
    const fixed = open({ adminPassword: "from outside" });
    assert.equal(fixed.fixed, true);
    assert.equal((await fixed.signIn(PASSWORD, HERE)).ok, false);
    assert.equal((await fixed.signIn("from outside", HERE)).ok, true);
    const free = open();
    assert.equal((await free.signIn("from outside", HERE)).ok, false);
    assert.equal((await free.signIn(PASSWORD, HERE)).ok, true);
  });

  it("makes the set-up needless, and needed again when it goes", () => {
    assert.equal(open({ adminPassword: "from outside" }).setupNeeded, false);
    assert.equal(open().setupNeeded, true);
  });

  it("keeps sessions while it stays, and ends them when it changes", async () => {
    const signedIn = await open({ adminPassword: "from outside" }).signIn("from outside", HERE);
    assert.ok(signedIn.ok);
    assert.notEqual(open({ adminPassword: "from outside" }).sessions.use(signedIn.session), undefined);
    assert.equal(open({ adminPassword: "changed outside" }).sessions.use(signedIn.session), undefined);
  });
});

describe("tokens", () => {
  it("are shown once, listed without secrets, and revoked", () => {
    const account = open({ apiToken: "from-outside" });
    const made = account.tokens.create(" grafana ");
    assert.match(made.token, /^sp_[\w-]{43}$/);
    const reopened = open({ apiToken: "from-outside" });
    assert.deepEqual(reopened.tokens.list(), [{ id: made.id, name: "grafana", createdAt: clock.now() }]);
    assert.equal(reopened.tokenRights(made.token), "write");
    assert.equal(reopened.tokenRights("from-outside"), "read");
    assert.equal(reopened.tokenRights("anything"), undefined);
    assert.equal(reopened.tokens.revoke(made.id), true);
    assert.equal(reopened.tokens.revoke(made.id), false);
    assert.equal(reopened.tokenRights(made.token), undefined);
  });

  it("cut what they hold open when they are revoked", () => {
    const account = open();
    const [one, other] = [account.tokens.create("one"), account.tokens.create("other")];
    const cuts: string[] = [];
    const untrack = account.trackOpen({ token: one.id }, () => cuts.push("ended by itself"));
    account.trackOpen({ token: one.id }, () => cuts.push("one"));
    account.trackOpen({ token: other.id }, () => cuts.push("other"));
    untrack();
    account.signOutEverywhere();
    assert.deepEqual(cuts, []);
    account.tokens.revoke(one.id);
    assert.deepEqual(cuts, ["one"]);
  });

  it("need a name", () => {
    const account = open();
    for (const name of ["", "  ", "x".repeat(101), "a\nb"]) {
      assert.throws(() => account.tokens.create(name), {
        message: "A token needs a name of 1 to 100 characters.",
      });
    }
  });
});
