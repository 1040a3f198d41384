import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { textsFor } from "../../../runtime/plugin/pages/texts";
import { projectRoot } from "../../support/fixtures";
import { rawGet } from "../support";
import { post, startGui } from "./gui";

const folder = path.join(projectRoot, "runtime", "plugin", "pages", "locales");
const read = (name: string) =>
  JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Record<string, string>;
const languageOf = (header: string | undefined) =>
  textsFor({ headers: { "accept-language": header } }).language;

describe("the texts of our own pages", () => {
  it("are complete in every language, with the same values in them", () => {
    const english = read("en.json");
    const names = readdirSync(folder);
    assert.deepEqual(names.sort(), ["de.json", "en.json"]);
    const valuesOf = (text = "") => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const name of names) {
      const texts = read(name);
      assert.deepEqual(Object.keys(texts), Object.keys(english), name);
      for (const [key, text] of Object.entries(texts)) {
        assert.ok(text.trim() !== "", key);
        assert.deepEqual(valuesOf(text), valuesOf(english[key]), `${name} ${key}`);
      }
    }
  });

  it("come in the language that the browser prefers", () => {
    assert.equal(languageOf(undefined), "en");
    assert.equal(languageOf("de"), "de");
    assert.equal(languageOf("de-CH, en;q=0.5"), "de");
    assert.equal(languageOf("fr, en;q=0.5, de;q=0.8"), "de");
    assert.equal(languageOf("fr"), "en");
    assert.equal(languageOf("de;q=0, en"), "en");
    assert.equal(languageOf("*, ../../etc/passwd; q=x"), "en");
    assert.equal(
      textsFor({ headers: {} }).say("problem.wait_seconds", { count: 7 }),
      "Too many tries: wait 7 s.",
    );
    assert.equal(
      textsFor({ headers: {} }).say("setUp.passwordHint"),
      "At least 10 characters. It also opens the editor, with the user name admin.",
    );
  });
});

describe("the login page", () => {
  it("is there in both languages, says so, and escapes what it is given", async (t) => {
    const gui = await startGui(t);
    const page = async (headers: Record<string, string>) => {
      const response = await gui.get(`login?next=${encodeURIComponent('/dashboard/"><script>')}`, headers);
      assert.equal(response.headers.get("vary"), "Accept-Language");
      return response.text();
    };
    const english = await page({});
    assert.match(english, /<html lang="en">[^]*<h1>Sign in<\/h1>[^]*<label for="password">Password<\/label>/);
    assert.match(await page({ "accept-language": "de" }), /<html lang="de">[^]*<h1>Anmelden<\/h1>/);
    assert.equal(english.includes('"><script>'), false);
    const wrong = await post(`${gui.url}login`, { password: "x" }, { headers: { "accept-language": "de" } });
    assert.match(await wrong.text(), /id="password-error" role="alert">Das Passwort ist falsch\.</);
  });
});

describe("the set-up page", () => {
  it("keeps the code that was right, and says at the field what is wrong", async (t) => {
    const gui = await startGui(t, { setUp: false });
    const { setupCode: code } = gui.account;
    const send = (fields: Record<string, string>) =>
      post(
        `${gui.url}setup`,
        { code, password: "x", repeated: "x", ...fields },
        { headers: { "accept-language": "de" } },
      );
    const short = await (await send({})).text();
    assert.match(short, /id="password-error" role="alert">Wählen Sie mindestens 10 Zeichen\.</);
    assert.ok(short.includes(`value="${code}"`));
    const wrong = await (await send({ code: '"><script>alert(1)</script>' })).text();
    assert.match(wrong, /id="code-error"/);
    assert.equal(wrong.includes("<script>alert"), false);
  });
});

describe("v2.2's addresses", () => {
  const lead = async (gui: Awaited<ReturnType<typeof startGui>>, place: string) => {
    const response = await gui.get(place, { cookie: gui.session() });
    return response.status === 303 ? response.headers.get("location") : response.status;
  };

  it("lead to their successors", async (t) => {
    const gui = await startGui(t);
    assert.equal(await lead(gui, ""), "/dashboard/streams");
    assert.equal(await lead(gui, "settings"), "/dashboard/settings");
    assert.equal(await lead(gui, "export/all.csv"), "/api/export.csv");
    assert.equal(await lead(gui, "history/K%C3%BCche%201"), "/dashboard/streams?stream=K%C3%BCche%201");
    assert.equal(await lead(gui, "history/a%2Fb%26c"), "/dashboard/streams?stream=a%2Fb%26c");
    assert.equal(await lead(gui, "history/"), 404);
    const { head } = await rawGet(gui.url, "/history/x", ["Accept: text/html"]);
    assert.match(head, /\r\nLocation: \/login\?next=%2Fhistory%2Fx\r\n/);
  });

  it("lead to the page of our own where there is no dashboard", async (t) => {
    const gui = await startGui(t, { facts: { hasTemplates: false } });
    assert.equal(await lead(gui, ""), 200);
    assert.equal(await lead(gui, "settings"), "/");
    assert.equal(await lead(gui, "history/x"), "/");
  });
});
