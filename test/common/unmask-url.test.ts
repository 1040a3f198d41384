import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MaskedUrlError, urlToTry } from "../../common/unmask-url";

const OWN = "rtsp://viewer:p@ss#1@cam.test:8554/live?channel=1&pwd=q%26r";

describe("a URL whose secrets are masked", () => {
  const good: [typed: string, expected: string][] = [
    ["rtsp://other:typed@elsewhere.test/a", "rtsp://other:typed@elsewhere.test/a"],
    ["rtsp://viewer:********@cam.test:8554/other", "rtsp://viewer:p@ss#1@cam.test:8554/other"],
    ["rtsp://admin:********@CAM.test/", "rtsp://admin:p@ss#1@CAM.test/"],
    [
      "rtsp://viewer:********@cam.test:8554/live?pwd=********&channel=2",
      "rtsp://viewer:p@ss#1@cam.test:8554/live?pwd=q%26r&channel=2",
    ],
    ["rtsp://cam.test/live?pwd=********", "rtsp://cam.test/live?pwd=q%26r"],
  ];
  for (const [typed, expected] of good) {
    it(`${typed} means ${expected}`, () => assert.equal(urlToTry(typed, OWN), expected));
  }

  const bad: [typed: string, own: string | undefined, message: string][] = [
    [
      "rtsp://viewer:********@evil.test/",
      OWN,
      "hides its password, and the stored one is for rtsp://cam.test only: type it",
    ],
    [
      "http://viewer:********@cam.test/",
      OWN,
      "hides its password, and the stored one is for rtsp://cam.test only: type it",
    ],
    [
      "rtsp://viewer:********@cam.test/",
      undefined,
      "hides its password, and no stored one is known: type it",
    ],
    [
      "rtsp://viewer:********@cam.test/",
      "rtsp://cam.test/",
      "hides something that the stored URL does not have: type it",
    ],
    [
      "rtsp://cam.test/live?token=********",
      OWN,
      "hides something that the stored URL does not have: type it",
    ],
    ["rtsp://cam.test/********/live", OWN, "hides something that the stored URL does not have: type it"],
    [
      "rtsp://cam********.test/",
      OWN,
      "hides its password, and the stored one is for rtsp://cam.test only: type it",
    ],
  ];
  for (const [typed, own, message] of bad) {
    it(`${typed} is refused ${own === undefined ? "where none is stored" : `beside ${own.slice(0, 20)}…`}`, () => {
      assert.throws(
        () => urlToTry(typed, own),
        (error) => error instanceof MaskedUrlError && error.message === message,
      );
    });
  }
});
