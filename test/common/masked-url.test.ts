import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MaskedUrlError, maskUrl, unmaskUrl } from "../../common/masked-url";

const HIDDEN: [name: string, url: string, shown: string][] = [
  [
    "a password",
    "rtsp://viewer:s3cret@10.0.0.1:554/live?channel=1",
    "rtsp://viewer:********@10.0.0.1:554/live?channel=1",
  ],
  ["one with special characters", "rtsp://viewer:p@ss#1/2?x@cam/live", "rtsp://viewer:********@cam/live"],
  ["one that reads as a port", "rtsp://viewer:12/34@cam/live", "rtsp://viewer:********@cam/live"],
  ["one of a URL without a host", "rtsp://viewer:Zx9!tr0ub4dor/3@", "rtsp://viewer:********@"],
  [
    "one of a URL with a wrong port",
    "rtsp://viewer:Zx9!tr0/3@127.0.0.1:99999/x",
    "rtsp://viewer:********@127.0.0.1:99999/x",
  ],
  ["one of another scheme", "rtmp://viewer:s3cret@host/app", "rtmp://viewer:********@host/app"],
  ["one without a scheme", "viewer:s3cret@host/app", "viewer:********@host/app"],
  ["one behind spaces", "  rtsp://viewer:s3cret@host/app", "  rtsp://viewer:********@host/app"],
  ["an IPv6 host's", "rtsp://u:pw@[2001:db8::1]:554/x", "rtsp://u:********@[2001:db8::1]:554/x"],
  [
    "values of the query",
    "http://cam/v.cgi?user=admin&pwd=1234&res=hd",
    "http://cam/v.cgi?user=admin&pwd=********&res=hd",
  ],
  [
    "short words for it",
    "http://cam/v.cgi?loginuse=admin&loginpas=888888&u=a&p=geheim1&pw=x&userpw=y&pas=1",
    "http://cam/v.cgi?loginuse=admin&loginpas=********&u=a&p=********&pw=********&userpw=********&pas=********",
  ],
  [
    "a code in the query",
    "rtsp://h/live/main?code=998877&accessCode=12345&verify_code=AB",
    "rtsp://h/live/main?code=********&accessCode=********&verify_code=********",
  ],
  ["a short word in the path", "rtsp://nvr/u=admin_p=a1_ch=2", "rtsp://nvr/u=admin_p=********_ch=2"],
  [
    "a token in the query",
    "https://h/live.m3u8?token=abc&x=1&sig=xyz",
    "https://h/live.m3u8?token=********&x=1&sig=********",
  ],
  [
    "a password in the path",
    "rtsp://nvr/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream",
    "rtsp://nvr/user=admin_password=********_channel=1_stream=0.sdp?real_stream",
  ],
  [
    "one between ampersands",
    "rtsp://nvr/user=admin&password=a_b&channel=1",
    "rtsp://nvr/user=admin&password=********&channel=1",
  ],
  [
    "a key as the path",
    "rtsps://192.168.1.1:7441/AbC1dEfGhIjK2lMn?enableSrtp",
    "rtsps://192.168.1.1:7441/********?enableSrtp",
  ],
  ["what follows a telling word", "https://h/token/abc/live.m3u8", "https://h/token/********/live.m3u8"],
  ["a key as the user", "https://sk1aB2cD3eF4gH5@h/live", "https://********@h/live"],
];

const SHOWN = [
  "rtsp://10.0.0.1/h264Preview_01_main",
  "rtsp://10.0.0.1/MediaProfile00000",
  "rtsp://10.0.0.1/Streaming/Channels/101",
  "http://10.0.0.1:8080/axis-cgi/mjpg/video.cgi?camera=1&resolution=640x480",
  "http://10.0.0.1/v.cgi?codec=h264&encode=1&timecode=on&barcode=7&profile=main&fps=5&mp=2&op=get",
  "http://10.0.0.1/p/1/code/pw/live",
  "http://10.0.0.1/@home/a@b.m3u8",
  "rtsp://admin@10.0.0.1/x",
  "rtsp://admin:@10.0.0.1/x",
  "rtsp://viewer:${CAM_PASSWORD}@10.0.0.1/x",
  "${CAM_URL}",
  "",
];

describe("a masked URL", () => {
  for (const [name, url, shown] of HIDDEN) {
    it(`hides ${name}, and gets it back`, () => {
      assert.equal(maskUrl(url), shown);
      assert.equal(maskUrl(shown), shown);
      assert.equal(unmaskUrl(shown, url), url);
    });
  }

  for (const url of SHOWN) {
    it(`shows ${url || "nothing"} as it is`, () => {
      assert.equal(maskUrl(url), url);
    });
  }

  it("keeps its secrets when other parts of it change", () => {
    const known = "rtsp://viewer:s3cret@10.0.0.1/live?token=abc&x=1";
    assert.equal(
      unmaskUrl("rtsps://guest:********@10.0.0.1:322/other?x=2&token=********", known),
      "rtsps://guest:s3cret@10.0.0.1:322/other?x=2&token=abc",
    );
    assert.equal(
      unmaskUrl("rtsp://viewer:new@10.0.0.1/live?token=********", known),
      "rtsp://viewer:new@10.0.0.1/live?token=abc",
    );
    assert.equal(unmaskUrl("rtsp://10.0.0.1/live", known), "rtsp://10.0.0.1/live");
  });

  it("keeps several secrets of one kind apart", () => {
    const known = "https://h/AbC1dEfGhIjK2lMn/x/QwE1rTyUiOp2AsDf";
    assert.equal(maskUrl(known), "https://h/********/x/********");
    assert.equal(
      unmaskUrl("https://h/AbC1dEfGhIjK2NEW/x/********", known),
      "https://h/AbC1dEfGhIjK2NEW/x/QwE1rTyUiOp2AsDf",
    );
  });

  const OWN = "rtsp://viewer:p@ss#1@cam.test:8554/live?channel=1&pwd=q%26r";
  const ELSEWHERE = "hides its password, which was for rtsp://cam.test: type it again";
  const UNKNOWN = "hides its password, and no stored one is known: type it";
  const NOTHING = "hides something that the stored URL does not have: type it";

  const good: [typed: string, expected: string][] = [
    ["rtsp://other:typed@elsewhere.test/a", "rtsp://other:typed@elsewhere.test/a"],
    ["rtsp://viewer:********@cam.test:8554/other", "rtsp://viewer:p@ss#1@cam.test:8554/other"],
    ["rtsp://admin:********@CAM.test/", "rtsp://admin:p@ss#1@CAM.test/"],
    ["rtsps://viewer:********@cam.test/", "rtsps://viewer:p@ss#1@cam.test/"],
    [
      "rtsp://viewer:********@cam.test:8554/live?pwd=********&channel=2",
      "rtsp://viewer:p@ss#1@cam.test:8554/live?pwd=q%26r&channel=2",
    ],
    ["rtsp://cam.test/live?pwd=********", "rtsp://cam.test/live?pwd=q%26r"],
  ];
  for (const [typed, expected] of good) {
    it(`${typed} means ${expected}`, () => assert.equal(unmaskUrl(typed, OWN), expected));
  }

  const bad: [typed: string, known: string | undefined, message: string][] = [
    ["rtsp://viewer:********@evil.test/", OWN, ELSEWHERE],
    ["rtsp://viewer:********@cam.test@evil.test/", OWN, ELSEWHERE],
    ["rtsp://viewer:********@evil.test#@cam.test/", OWN, NOTHING],
    ["http://viewer:********@cam.test/", OWN, ELSEWHERE],
    [
      "rtsp://viewer:********@cam.test/",
      "rtsps://viewer:s3cret@cam.test/",
      "hides its password, which was for rtsps://cam.test: type it again",
    ],
    ["rtsp://cam********.test/", OWN, ELSEWHERE],
    ["rtsp://viewer:********@h/x", undefined, UNKNOWN],
    [
      "rtsp://viewer:********@h/x",
      "viewer:s3cret@h/x",
      "hides its password, and for which host that was cannot be told: type it again",
    ],
    ["rtsp://viewer:********@h/x", "rtsp://h/x", NOTHING],
    ["rtsp://viewer:********1@h/x", "rtsp://viewer:s3cret@h/x", NOTHING],
    ["rtsp://h/********", "rtsp://viewer:s3cret@h/x", NOTHING],
    ["rtsp://********:x@h/", "rtsp://viewer:s3cret@h/x", NOTHING],
    ["rtsp://cam.test/live?token=********", OWN, NOTHING],
  ];
  for (const [typed, known, message] of bad) {
    it(`${typed} is refused beside ${known ?? "nothing"}`, () => {
      assert.throws(
        () => unmaskUrl(typed, known),
        (error) => error instanceof MaskedUrlError && error.message === message,
      );
    });
  }
});
