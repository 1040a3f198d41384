import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseStreamUrl, wholeUrl } from "../../common/stream-url";

describe("parseStreamUrl", () => {
  it("gives the parts of a plain URL and fills in the port", () => {
    assert.deepEqual(parseStreamUrl("rtsp://10.0.0.5/cam/realmonitor?channel=1&subtype=0"), {
      scheme: "rtsp",
      secure: false,
      protocol: "rtsp",
      username: undefined,
      password: undefined,
      host: "10.0.0.5",
      port: 554,
      path: "/cam/realmonitor?channel=1&subtype=0",
      origin: "rtsp://10.0.0.5",
      target: "rtsp://10.0.0.5/cam/realmonitor?channel=1&subtype=0",
    });
    assert.deepEqual(
      ["rtsps://h", "http://h", "https://h"].map((url) => parseStreamUrl(url).port),
      [322, 80, 443],
    );
  });

  const passwords: [url: string, username: string, password: string, target: string][] = [
    ["rtsp://u:p@h/x", "u", "p", "rtsp://h/x"],
    ["rtsp://u:p@ss@h/x", "u", "p@ss", "rtsp://h/x"],
    ["rtsp://u:p/w@h:8554/x", "u", "p/w", "rtsp://h:8554/x"],
    ["rtsp://u:a#b?c@h/x", "u", "a#b?c", "rtsp://h/x"],
    ["rtsp://u:p@ss#1/2?x:y@h:8554/x", "u", "p@ss#1/2?x:y", "rtsp://h:8554/x"],
    ["rtsp://u:p@h/x#a@", "u", "p", "rtsp://h/x"],
    ["rtsp://u:x/2@3@10.0.0.1:554/x", "u", "x/2@3", "rtsp://10.0.0.1/x"],
    ["rtsp://u:p%2Fw%40@h/x", "u", "p/w@", "rtsp://h/x"],
    ["rtsp://u:100%@h/x", "u", "100%", "rtsp://h/x"],
    ["rtsp://u:a:b:c@h/x", "u", "a:b:c", "rtsp://h/x"],
    ["rtsp://u@h/x", "u", "", "rtsp://h/x"],
    ["rtsp://:p@h/x", "", "p", "rtsp://h/x"],
    ["rtsp://müller:schlüssel@h/x", "müller", "schlüssel", "rtsp://h/x"],
    ["rtsp://u:p@[fe80::1]:8554/x", "u", "p", "rtsp://[fe80::1]:8554/x"],
  ];
  for (const [url, username, password, target] of passwords) {
    it(`reads the credentials of ${url}`, () => {
      const parsed = parseStreamUrl(url);
      assert.deepEqual([parsed.username, parsed.password, parsed.target], [username, password, target]);
    });
  }

  it("leaves an @ in the path alone", () => {
    const { host, path, username } = parseStreamUrl("http://h/live/cam@home?x=a@b");
    assert.deepEqual([host, path, username], ["h", "/live/cam@home?x=a@b", undefined]);
  });

  it("sends other characters as UTF-8, keeps what is escaped, and drops the fragment", () => {
    assert.equal(parseStreamUrl("rtsp://h/küche%20eins#backchannel=0").path, "/k%C3%BCche%20eins");
    assert.equal(parseStreamUrl("rtsp://h?x=1").path, "/?x=1");
  });

  const refused: [url: string, message: RegExp][] = [
    ["ftp://h/x", /^must begin with rtsp:\/\/, rtsps:\/\/, http:\/\/ or https:\/\/, not ftp:\/\/$/],
    ["camera one", /^must not contain spaces or control characters/],
    ["h/x", /^must begin with/],
    ["-i rtsp://h", /^must not contain spaces/],
    ["rtsp://", /^has no host name/],
    ["rtsp:///x", /^has no host name/],
    ["rtsp://h:99999/x", /^must have a port from 1 to 65535$/],
    ["rtsp://h:0/x", /^must have a port from 1 to 65535$/],
    ["rtsp://h:port/x", /^has no host name/],
    ["rtsp://h/\u0000", /control characters/],
    ["rtsp://h/a\r\nCSeq: 1", /control characters/],
    [`rtsp://h/${"x".repeat(2048)}`, /longer than 2048 characters/],
  ];
  for (const [url, message] of refused) {
    it(`refuses ${JSON.stringify(url.slice(0, 40))}`, () => {
      assert.throws(() => parseStreamUrl(url), { message });
    });
  }

  it("never puts credentials into an error or into what is public", () => {
    assert.throws(
      () => parseStreamUrl("rtsp://admin:s3cret@bad host/x"),
      (error: Error) => !error.message.includes("s3cret"),
    );
    assert.throws(
      () => parseStreamUrl("rtsp://admin:s3cret@:x/"),
      (error: Error) => !error.message.includes("s3cret"),
    );
    const { origin, target } = parseStreamUrl("rtsps://admin:s3cret@Cam.local:8322/live?token=t");
    assert.deepEqual([origin, target], ["rtsps://Cam.local:8322", "rtsps://Cam.local:8322/live?token=t"]);
  });
});

describe("wholeUrl", () => {
  const urls: [text: string, expected: string][] = [
    ["rtsp://cam.test/a", "rtsp://cam.test/a"],
    ["rtsp://u@cam.test/a", "rtsp://u:@cam.test/a"],
    ["http://u:p%2Fq@[2001:db8::1]:81/a", "http://u:p%2Fq@[2001:db8::1]:81/a"],
    ["rtsp://ü:😀\ud800@cam.test/", "rtsp://%C3%BC:%F0%9F%98%80%EF%BF%BD@cam.test/"],
  ];
  for (const [text, expected] of urls) {
    it(`writes ${expected}`, () => {
      assert.equal(wholeUrl(parseStreamUrl(text)), expected);
    });
  }
});
