import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PASSWORD, post, startGui } from "./gui";

const NEW = "another long password";

async function errorOf(response: Response): Promise<{ code: string; message: string; field?: string }> {
  return ((await response.json()) as { error: { code: string; message: string; field?: string } }).error;
}

describe("the password", () => {
  it("is changed by whoever knows the old one, and all other sessions and editors end", async (t) => {
    const gui = await startGui(t);
    const [mine, other] = [gui.session(), gui.session()];
    let cut = 0;
    gui.account.trackEditor(() => cut++);
    const { generation } = gui.account;
    assert.deepEqual(await (await gui.get("auth/password", { cookie: mine })).json(), { changeable: true });
    assert.equal((await gui.json("auth/password", { old: PASSWORD, new: NEW }, mine)).status, 204);
    assert.equal((await gui.get("api/x", { cookie: mine })).status, 404, "still signed in");
    assert.equal((await gui.get("api/x", { cookie: other })).status, 401);
    assert.equal(cut, 1);
    assert.equal(gui.account.generation, generation + 1);
    assert.equal((await gui.account.verify(PASSWORD, undefined)).ok, false);
    assert.equal((await gui.account.verify(NEW, undefined)).ok, true);
  });

  it("is refused with a sentence at the field, in the browser's language", async (t) => {
    const gui = await startGui(t);
    const cookie = gui.session();
    const wrong = await gui.json("auth/password", { old: "wrong", new: NEW }, cookie);
    assert.equal(wrong.status, 403);
    assert.deepEqual(await errorOf(wrong), {
      code: "wrong_password",
      message: "The password is wrong.",
      field: "old",
    });
    const short = await gui.json("auth/password", { old: PASSWORD, new: "short" }, cookie, {
      "accept-language": "de-AT",
    });
    assert.equal(short.status, 400);
    assert.deepEqual(await errorOf(short), {
      code: "too_short",
      message: "Wählen Sie mindestens 10 Zeichen.",
      field: "new",
    });
    assert.equal((await gui.account.verify(PASSWORD, undefined)).ok, true);
  });

  it("cannot be guessed here either", async (t) => {
    const gui = await startGui(t);
    const cookie = gui.session();
    const statuses = [];
    for (let tries = 0; tries < 6; tries++) {
      statuses.push((await gui.json("auth/password", { old: `guess ${tries}`, new: NEW }, cookie)).status);
    }
    assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429]);
    const right = await gui.json("auth/password", { old: PASSWORD, new: NEW }, cookie);
    assert.equal(right.status, 429);
    assert.equal(right.headers.get("retry-after"), "1");
  });

  it("is not changed where the environment sets it", async (t) => {
    const gui = await startGui(t, { adminPassword: PASSWORD });
    const cookie = gui.session();
    assert.deepEqual(await (await gui.get("auth/password", { cookie })).json(), { changeable: false });
    const response = await gui.json("auth/password", { old: PASSWORD, new: NEW }, cookie);
    assert.equal(response.status, 409);
    assert.deepEqual(await errorOf(response), {
      code: "fixed_password",
      message:
        "The password is set by STREAMPULSE_ADMIN_PASSWORD: change it there, and start StreamPulse again.",
    });
  });
});

describe("sign out everywhere", () => {
  it("ends every session, this one too, and editors; tokens stay", async (t) => {
    const gui = await startGui(t);
    const [mine, other] = [gui.session(), gui.session()];
    const { token } = gui.account.tokens.create("script");
    let cut = 0;
    const untrack = gui.account.trackEditor(() => (cut += 100));
    gui.account.trackEditor(() => cut++);
    untrack();
    const response = await gui.json("auth/sign-out-everywhere", {}, mine);
    assert.equal(response.status, 204);
    assert.match(response.headers.getSetCookie()[0] ?? "", /^streampulse_session=; Max-Age=0; /);
    for (const cookie of [mine, other]) assert.equal((await gui.get("api/x", { cookie })).status, 401);
    assert.equal((await gui.get("api/x", { authorization: `Bearer ${token}` })).status, 404);
    assert.equal(cut, 1);
  });
});

describe("a token that is revoked", () => {
  it("ends the answers that it has begun, and no others", async (t) => {
    const gui = await startGui(t, {
      flow: (_request, response) => void response.writeHead(200).write("the first of many lines"),
    });
    const cookie = gui.session();
    const made = [gui.account.tokens.create("one"), gui.account.tokens.create("other")];
    const answers = await Promise.all(
      made.map(({ token }) => gui.get("api/export.csv", { authorization: `Bearer ${token}` })),
    );
    const [one, other] = answers.map(({ body }) => (body as ReadableStream).getReader());
    for (const reader of [one, other]) assert.equal((await reader?.read())?.done, false);
    const { status } = await fetch(`${gui.url}auth/tokens/${made[0]?.id}`, {
      method: "DELETE",
      headers: { cookie, origin: new URL(gui.url).origin },
    });
    assert.equal(status, 204);
    await assert.rejects(one?.read() ?? Promise.resolve(), /terminated/);
    let isOver = false;
    void other?.read().then(
      () => (isOver = true),
      () => (isOver = true),
    );
    assert.equal((await gui.get("healthz")).status, 200);
    assert.equal(isOver, false);
  });
});

describe("the account", () => {
  it("is no business of tokens, nor of pages of strangers", async (t) => {
    const gui = await startGui(t);
    const { token } = gui.account.tokens.create("script");
    const cookie = gui.session();
    for (const place of ["auth/password", "auth/sign-out-everywhere", "auth/tokens"]) {
      const headers = { "content-type": "application/json", origin: new URL(gui.url).origin };
      const byToken = await fetch(gui.url + place, {
        method: "POST",
        body: "{}",
        headers: { ...headers, authorization: `Bearer ${token}` },
      });
      assert.equal(byToken.status, 403, place);
      assert.equal((await errorOf(byToken)).code, "session_needed");
      const stranger = await post(gui.url + place, {}, { cookie, origin: "http://evil.example" });
      assert.equal((await errorOf(stranger)).code, "wrong_origin");
      assert.equal((await fetch(gui.url + place, { method: "POST", body: "{}", headers })).status, 401);
    }
    assert.equal((await gui.get("auth/sign-out-everywhere", { cookie })).status, 405);
    assert.equal((await gui.get("auth/passwords", { cookie })).status, 404);
  });
});
