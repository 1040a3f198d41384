import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needs } from "./needs";

describe("needs", () => {
  it("skips by name where a program is missing, and fails where CI promises it", (t) => {
    const { PATH, CI } = process.env;
    t.after(() => {
      process.env.PATH = PATH;
      if (CI === undefined) delete process.env.CI;
      else process.env.CI = CI;
    });
    process.env.PATH = "";
    delete process.env.CI;
    assert.deepEqual(needs(), { skip: false });
    assert.deepEqual(needs("ustreamer"), { skip: "needs ustreamer (Debian: ustreamer)" });
    assert.deepEqual(needs("ffmpeg", "ffprobe"), { skip: "needs ffmpeg, ffprobe (Debian: ffmpeg)" });
    process.env.CI = "true";
    assert.throws(() => needs("ustreamer"), {
      message: "This test needs ustreamer (Debian: ustreamer), and CI=true allows no skipping.",
    });
  });
});
