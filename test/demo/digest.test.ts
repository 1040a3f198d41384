import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { RtspCamera } from "../../demo/cameras";
import { RtspClient } from "../support/rtsp-client";

const md5 = (text: string) => createHash("md5").update(text).digest("hex");
const REALM = "Simulated camera";

async function started(t: TestContext, qop: boolean) {
  const digest = { username: "viewer", password: "p:w, x", qop };
  const camera = new RtspCamera({ streams: [{ path: "/open" }, { path: "/closed", digest }] });
  await camera.start();
  t.after(() => camera.stop());
  const client = await RtspClient.connect(camera.url("/closed"));
  t.after(() => client.close());
  return { client, url: camera.url("/closed"), camera };
}

const nonceOf = (challenge = "") => /nonce="([0-9a-f]{32})"/.exec(challenge)?.[1] as string;

/** RFC 2069: response = MD5(MD5(user:realm:password):nonce:MD5(method:uri)) */
function withoutQop(nonce: string, uri: string, password = "p:w, x"): string {
  const response = md5(`${md5(`viewer:${REALM}:${password}`)}:${nonce}:${md5(`DESCRIBE:${uri}`)}`);
  return `Digest username="viewer", realm="${REALM}", nonce="${nonce}", uri="${uri}", response="${response}"`;
}

/** RFC 2617 section 3.2.2.1, qop=auth */
function withQop(nonce: string, uri: string, nc: string): string {
  const response = md5(
    `${md5(`viewer:${REALM}:p:w, x`)}:${nonce}:${nc}:c0ffee:auth:${md5(`DESCRIBE:${uri}`)}`,
  );
  return `Digest username="viewer", realm="${REALM}", nonce="${nonce}", uri="${uri}", qop=auth, nc=${nc}, cnonce="c0ffee", response="${response}"`;
}

describe("digest credentials of the simulated camera", () => {
  it("without qop", async (t) => {
    const { client, url } = await started(t, false);
    const first = await client.ask("DESCRIBE", url, 1);
    assert.equal(first.status, 401);
    assert.match(
      first.headers["www-authenticate"] ?? "",
      /^Digest realm="Simulated camera", nonce="[0-9a-f]{32}", algorithm=MD5$/,
    );
    const nonce = nonceOf(first.headers["www-authenticate"]);
    const wrong = await client.ask("DESCRIBE", url, 2, { Authorization: withoutQop(nonce, url, "guess") });
    assert.equal(wrong.status, 401);
    assert.notEqual(nonceOf(wrong.headers["www-authenticate"]), nonce, "a fresh nonce in each challenge");
    const other = await client.ask("DESCRIBE", url, 3, { Authorization: withoutQop(nonce, `${url}/`) });
    assert.equal(other.status, 401, "the digest is for another URL");
    const right = await client.ask("DESCRIBE", url, 4, { Authorization: withoutQop(nonce, url) });
    assert.equal(right.status, 200);
  });

  it("with qop, and no count used twice", async (t) => {
    const { client, url } = await started(t, true);
    const challenge = (await client.ask("DESCRIBE", url, 1)).headers["www-authenticate"];
    assert.match(challenge ?? "", /, qop="auth"$/);
    const nonce = nonceOf(challenge);
    const ask = (cseq: number, Authorization: string) => client.ask("DESCRIBE", url, cseq, { Authorization });
    assert.equal((await ask(2, withoutQop(nonce, url))).status, 401, "it insists on qop");
    assert.equal((await ask(3, withQop(nonce, url, "00000001"))).status, 200);
    assert.equal((await ask(4, withQop(nonce, url, "00000002"))).status, 200);
    const replay = await ask(5, withQop(nonce, url, "00000002"));
    assert.equal(replay.status, 401);
    assert.match(replay.headers["www-authenticate"] ?? "", /stale=TRUE$/);
  });

  it("says that a nonce of another camera is stale, not that the password is wrong", async (t) => {
    const { client, url } = await started(t, false);
    const Authorization = withoutQop("0".repeat(32), url);
    const { status, headers } = await client.ask("DESCRIBE", url, 1, { Authorization });
    assert.equal(status, 401);
    assert.match(headers["www-authenticate"] ?? "", /stale=TRUE$/);
  });

  it("leaves the camera's other stream open", async (t) => {
    const { client, camera } = await started(t, false);
    assert.equal((await client.ask("DESCRIBE", camera.url("/open"), 1)).status, 200);
  });
});
