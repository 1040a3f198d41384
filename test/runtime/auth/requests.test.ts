import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "node:test";
import { addressKey, RateLimit } from "../../../runtime/auth/rate-limit";
import {
  bearerToken,
  clientAddress,
  hideCredentials,
  isSameOrigin,
  isSecure,
  sessionCookie,
  sessionCookieLine,
} from "../../../runtime/auth/requests";
import { FakeClock } from "../../support/fake-clock";

function request(headers: Record<string, string>, socket: object = { remoteAddress: "192.0.2.7" }) {
  return { headers, socket, method: "POST", rawHeaders: Object.entries(headers).flat() } as IncomingMessage;
}

describe("what a request tells", () => {
  it("has the session in its cookie", () => {
    assert.equal(sessionCookie(request({ cookie: "a=1; streampulse_session=abc; b=2" })), "abc");
    assert.equal(sessionCookie(request({ cookie: "xstreampulse_session=abc" })), undefined);
    assert.equal(sessionCookie(request({ cookie: `streampulse_session=${"x".repeat(9000)}` })), undefined);
    assert.equal(sessionCookie(request({})), undefined);
  });

  it("has the token in Authorization", () => {
    assert.equal(bearerToken(request({ authorization: "Bearer sp_1" })), "sp_1");
    assert.equal(bearerToken(request({ authorization: "Basic YTpi" })), undefined);
    assert.equal(bearerToken(request({ authorization: "Bearer a b" })), undefined);
  });

  it("loses both before a flow sees it", () => {
    const one = request({
      Cookie: "x",
      authorization: "Bearer sp_1",
      cookie: "a=1; streampulse_session=abc",
    });
    hideCredentials(one);
    assert.deepEqual(one.headers, { Cookie: "x", cookie: "a=1" });
    assert.deepEqual(one.rawHeaders, []);
  });

  const origins: [Record<string, string>, boolean][] = [
    [{ host: "cam.example:8000", origin: "http://cam.example:8000" }, true],
    [{ host: "cam.example", origin: "https://cam.example" }, true],
    [{ host: "cam.example:443", origin: "https://cam.example" }, true],
    [{ host: "cam.example", referer: "http://cam.example/login?next=x" }, true],
    [{ host: "cam.example:8000", origin: "http://cam.example:1880" }, false],
    [{ host: "cam.example", origin: "http://cam.example.evil" }, false],
    [{ host: "cam.example", origin: "http://evil@cam.example.evil" }, false],
    [{ host: "cam.example", origin: "null", referer: "http://cam.example/" }, false],
    [{ host: "cam.example", origin: "file://cam.example" }, false],
    [{ host: "cam.example" }, false],
    [{ origin: "http://cam.example" }, false],
  ];
  for (const [headers, expected] of origins) {
    it(`${JSON.stringify(headers)} is ${expected ? "" : "not "}of the same origin`, () => {
      assert.equal(isSameOrigin(request(headers)), expected);
    });
  }

  it("believes a proxy only when told to", () => {
    const proxied = request({ "x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1, 203.0.113.5" });
    assert.equal(isSecure(proxied, false), false);
    assert.equal(isSecure(proxied, true), true);
    assert.equal(clientAddress(proxied, false), "192.0.2.7");
    assert.equal(clientAddress(proxied, true), "203.0.113.5");
    assert.equal(isSecure(request({}, { encrypted: true }), false), true);
  });

  it("gets a cookie that scripts and strangers cannot use", () => {
    assert.equal(
      sessionCookieLine("abc", false),
      "streampulse_session=abc; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax",
    );
    assert.equal(
      sessionCookieLine(undefined, true),
      "streampulse_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
    );
  });
});

describe("the rate limit", () => {
  const options = { freeTries: 2, firstDelayMs: 100, mostDelayMs: 300, forgetMs: 10_000, mostKeys: 3 };

  it("doubles to its bound and forgets", () => {
    const clock = new FakeClock();
    const limit = new RateLimit(options, clock);
    limit.count("a");
    for (const waitMs of [100, 200, 300, 300]) {
      assert.equal(limit.waitMs("a"), 0);
      limit.count("a");
      assert.equal(limit.waitMs("a"), waitMs);
      assert.equal(limit.waitMs("b"), 0, "others do not wait");
      clock.pass(waitMs);
    }
    clock.pass(10_001);
    limit.count("a");
    assert.equal(limit.waitMs("a"), 0);
    limit.count("a");
    assert.equal(limit.waitMs("a"), 100);
    limit.succeeded("a");
    assert.equal(limit.waitMs("a"), 0);
  });

  it("remembers a bounded number of addresses", () => {
    const limit = new RateLimit(options, new FakeClock());
    for (let address = 0; address < 1000; address++) limit.count(String(address));
    assert.equal(limit.size, 3);
  });

  const keys: [string | undefined, string][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    [undefined, "unknown"],
  ];
  for (const [address, key] of keys) {
    it(`counts ${address} as ${key}`, () => assert.equal(addressKey(address), key));
  }
});
