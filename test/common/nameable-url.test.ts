import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nameableUrl } from "../../common/nameable-url";

const ROWS: [url: string, host: string, port: string, path: string][] = [
  ["rtsp://admin:p@ss@192.0.2.1:554/ch1/main?token=x#y", "192.0.2.1", ":554", "ch1/main"],
  [
    "rtsp://192.0.2.1:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream",
    "192.0.2.1",
    ":554",
    "",
  ],
  ["rtsp://nvr/user=admin&password=a_b&channel=1", "nvr", "", ""],
  ["rtsp://viewer:s3c/ret@nvr/live", "nvr", "", "live"],
  ["rtsp://viewer:12/34@nvr/live", "nvr", "", "live"],
  ["rtsp://viewer:s3c/ret@", "", "", ""],
  ["rtsps://192.0.2.1:7441/AbC1dEfGhIjK2lMn?enableSrtp", "192.0.2.1", ":7441", ""],
  ["https://h/token/abc/live.m3u8", "h", "", "token/live.m3u8"],
  ["https://sk1aB2cD3eF4gH5@h/live/", "h", "", "live"],
  ["rtsp://u:pw@[2001:db8::1]:554/x", "[2001:db8::1]", ":554", "x"],
  ["rtsp://[2001:db8::1]/x", "[2001:db8::1]", "", "x"],
  ["http://h/@home/a@b.m3u8", "h", "", "@home/a@b.m3u8"],
  ["udp://@239.1.1.1:5000", "239.1.1.1", ":5000", ""],
  ["http://cam/", "cam", "", ""],
  ["", "", "", ""],
];

describe("what of a URL may go into a name", () => {
  for (const [url, host, port, path] of ROWS) {
    it(`of ${url || "nothing"}`, () => assert.deepEqual(nameableUrl(url), { host, port, path }));
  }
});
