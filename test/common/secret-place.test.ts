import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { brokerPlaceName, isSameBroker, isSamePlace, placeOf } from "../../common/secret-place";

describe("where a hidden password of a URL may go", () => {
  const places: [url: string, place: string | undefined][] = [
    ["rtsp://viewer:********@Cam.Test:8554/live", "rtsp://cam.test"],
    [" RTSPS://cam.test ", "rtsps://cam.test"],
    ["rtsp://u:p@ss#1@cam.test/a@b", "rtsp://cam.test"],
    ["http://u:********@[2001:DB8::1]:80/x", "http://[2001:db8::1]"],
    ["rtsp://u:********@${CAM_HOST}:${CAM_PORT}/x", "rtsp://${CAM_HOST}"],
    ["rtsp://u:********@${SITE}.lan/x", "rtsp://${SITE}.lan"],
    ["rtsp://u:Zx9!tr0ub4dor/3@", undefined],
    ["rtsp://u:********@/x", undefined],
    ["cam.test/x", undefined],
    ["${CAM_URL}", undefined],
    ["", undefined],
  ];
  for (const [url, place] of places) {
    it(`${url || "nothing"} is ${place ?? "for nobody knows whom"}`, () => assert.equal(placeOf(url), place));
  }

  const same: [known: string, typed: string][] = [
    ["rtsp://cam.test/1", "rtsp://cam.test:8554/2"],
    ["rtsp://cam.test/1", "rtsp://CAM.test/1"],
    ["rtsp://cam.test/1", "rtsps://cam.test/1"],
    ["http://cam.test/1", "https://cam.test/1"],
    ["rtsp://${CAM}/1", "rtsp://${CAM}/2"],
  ];
  for (const [known, typed] of same) {
    it(`from ${known} to ${typed}`, () => assert.equal(isSamePlace(typed, known), true));
  }

  const other: [known: string, typed: string][] = [
    ["rtsp://cam.test/1", "rtsp://evil.test/1"],
    ["rtsp://cam.test/1", "rtsp://cam.test.evil.test/1"],
    ["rtsp://cam.test/1", "rtsp://cam.test:554@evil.test/1"],
    ["rtsp://cam.test/1", "rtsp://evil.test/@cam.test/1"],
    ["rtsps://cam.test/1", "rtsp://cam.test/1"],
    ["https://cam.test/1", "http://cam.test/1"],
    ["rtsp://cam.test/1", "http://cam.test/1"],
    ["rtsp://cam.test/1", "https://cam.test/1"],
    ["rtsp://${CAM}/1", "rtsp://${cam}/1"],
    ["rtsp://${CAM}/1", "rtsp://cam.test/1"],
    ["rtsp://u:p/w@", "rtsp://u:********@cam.test/"],
    ["", "rtsp://cam.test/1"],
  ];
  for (const [known, typed] of other) {
    it(`not from ${known || "nothing"} to ${typed}`, () => assert.equal(isSamePlace(typed, known), false));
  }
});

describe("where a broker's hidden password may go", () => {
  const table: [typed: object, saved: object, same: boolean][] = [
    [{ host: "Broker.lan" }, { host: "broker.lan " }, true],
    [{ host: "broker.lan", use_tls: true }, { host: "broker.lan" }, true],
    [{ host: "broker.lan" }, { host: "broker.lan", use_tls: true }, false],
    [{ host: "evil.test" }, { host: "broker.lan" }, false],
    [{ host: "evil.test" }, { host: null }, false],
    [{ host: "evil.test" }, {}, false],
    [{ host: null }, { host: "broker.lan", use_tls: true }, true],
    [{ host: "${A}" }, { host: "${a}" }, false],
  ];
  for (const [typed, saved, same] of table) {
    it(`${same ? "" : "not "}from ${JSON.stringify(saved)} to ${JSON.stringify(typed)}`, () => {
      assert.equal(isSameBroker(typed, saved), same);
    });
  }

  it("is named as people know it", () => {
    assert.equal(brokerPlaceName({ host: "broker.lan" }), "broker.lan");
    assert.equal(brokerPlaceName({ host: "broker.lan", use_tls: true }), "broker.lan by TLS");
    assert.equal(brokerPlaceName({ host: "" }), undefined);
  });
});
