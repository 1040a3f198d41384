import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RtspCamera } from "../../demo/cameras";
import type { Check } from "../../contracts";
import { linkedUserDir, nodeReds, nodes, OwnNodeRed } from "../product/drop-in";
import { temporaryFolder } from "../support/temporary-folder";

/** The hash of "of a test". */
const HASH = "$2b$04$fU4xaDOfUQuUI.PVRL4yuOpq4aUV.ne7qICORszZp2GyGhgc4J6Ge";
const USERS = [
  { username: "writer", password: HASH, permissions: "*" },
  { username: "reader", password: HASH, permissions: "read" },
];

for (const { name, folder: nodeRed } of nodeReds) {
  describe(`a URL is tried from the editor of ${name}`, () => {
    const camera = new RtspCamera({
      streams: [{ path: "/live", digest: { username: "viewer", password: "s3cret-of-the-camera" } }],
    });
    const own = new OwnNodeRed(nodes[0]?.file ?? "", nodeRed, linkedUserDir(temporaryFolder()));
    before(() => camera.start());
    after(async () => {
      await own.stop();
      await camera.stop();
    });

    const tried = (url: string, headers: Record<string, string> = {}) =>
      fetch(own.url("stream-probe/test"), {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ stream: { name: "test", url } }),
      });
    const withPassword = (password: string) => camera.url("/live").replace("//", `//viewer:${password}@`);

    it("before anything is deployed, once, and without a word of its password", async () => {
      await own.start({ streams: [] });
      const right = await tried(withPassword("s3cret-of-the-camera"));
      assert.equal(right.status, 200);
      const check = (await right.json()) as Check;
      assert.deepEqual([check.state, check.reason, check.level], ["up", "ok", "media"]);
      assert.equal(check.media?.codec, "h264");
      const wrong = await tried(withPassword("an0ther-one"));
      const refused = await wrong.text();
      assert.match(refused, /"reason":"auth_failed"/);
      assert.doesNotMatch(refused + own.output, /s3cret|an0ther/);
      assert.equal((await tried("ftp://cam.test/")).status, 400);
      // a person's browser on a page of somebody else
      assert.equal((await tried(camera.url("/live"), { Origin: "http://evil.test" })).status, 403);
      const form = { "Content-Type": "application/x-www-form-urlencoded" };
      assert.equal((await tried(camera.url("/live"), form)).status, 415);
      await own.stop();
    });

    it("by nobody but who may deploy, where Node-RED asks for a login", async () => {
      await own.start({ streams: [] }, { adminAuth: { type: "credentials", users: USERS } });
      const as = async (username: string) => {
        const response = await fetch(own.url("auth/token"), {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({
            ...{ client_id: "node-red-admin", grant_type: "password", scope: "*" },
            ...{ username, password: "of a test" },
          }),
        });
        const { access_token } = (await response.json()) as { access_token: string };
        return { Authorization: `Bearer ${access_token}` };
      };
      const url = withPassword("s3cret-of-the-camera");
      assert.equal((await tried(url)).status, 401);
      assert.equal((await tried(url, await as("reader"))).status, 401);
      const answer = await tried(url, await as("writer"));
      assert.equal(answer.status, 200);
      assert.match(await answer.text(), /"state":"up"/);
      await own.stop();
    });
  });
}
