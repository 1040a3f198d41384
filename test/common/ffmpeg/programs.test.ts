import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../../../common/clock";
import { Children } from "../../../common/ffmpeg/child-process";
import { Programs } from "../../../common/ffmpeg/programs";
import { FakeClock } from "../../support/fake-clock";
import { fakeProgram } from "../../support/fake-program";
import { temporaryFolder } from "../../support/temporary-folder";

const programs = (env: NodeJS.ProcessEnv) => new Programs(systemClock, new Children(systemClock), env);

describe("where ffprobe and ffmpeg are found", () => {
  it("where FFPROBE_PATH says, before the PATH", async (t) => {
    const [told, onPath] = [temporaryFolder(t), temporaryFolder(t)];
    const file = fakeProgram(told, "ffprobe", "", "6.1.1");
    fakeProgram(onPath, "ffprobe", "", "5.1");
    assert.deepEqual(await programs({ FFPROBE_PATH: file, PATH: onPath }).find("ffprobe"), {
      file,
      major: 6,
    });
  });

  it("a wrong FFMPEG_PATH is told, and nothing else is taken instead", async (t) => {
    const folder = temporaryFolder(t);
    fakeProgram(folder, "ffmpeg", "");
    writeFileSync(path.join(folder, "text"), "no program");
    for (const wrong of [path.join(folder, "text"), path.join(folder, "nothing"), folder]) {
      assert.deepEqual(await programs({ FFMPEG_PATH: wrong, PATH: folder }).find("ffmpeg"), {
        missing: "FFMPEG_PATH names no program that can be run: mend it, or unset it",
      });
    }
  });

  it("on the PATH, but in no folder that depends on where we were started", async (t) => {
    const folder = temporaryFolder(t);
    const file = fakeProgram(folder, "ffmpeg", "");
    const PATH = ["/nowhere", "", ".", folder].join(path.delimiter);
    assert.deepEqual(await programs({ PATH }).find("ffmpeg"), { file, major: 6 });
    const relative = path.relative(process.cwd(), folder);
    assert.deepEqual(await programs({ PATH: relative }).find("ffmpeg"), {
      missing: "ffmpeg is not installed: install ffmpeg, or let FFMPEG_PATH name it",
    });
  });

  it("in the package ffprobe-static, last", async () => {
    const program = await programs({ PATH: "" }).find("ffprobe");
    assert.ok("file" in program, JSON.stringify(program));
    assert.match(program.file, /ffprobe-static/);
    assert.equal(program.major, 4);
  });

  const versions: [version: string, major: number][] = [
    ["4.0.2-static https://example.org/", 4],
    ["5.1.9-0+deb12u1", 5],
    ["n7.1", 7],
    ["N-109542-g1bf1a2b", Infinity],
    ["git-2024-05-06-96449cf", Infinity],
  ];
  for (const [version, major] of versions) {
    it(`version ${version}`, async (t) => {
      const file = fakeProgram(temporaryFolder(t), "ffprobe", "", version);
      const program = await programs({ FFPROBE_PATH: file }).find("ffprobe");
      assert.deepEqual(program, { file, major });
    });
  }

  it("is asked for its version once", async (t) => {
    const file = fakeProgram(temporaryFolder(t), "ffprobe", "");
    const found = programs({ FFPROBE_PATH: file });
    for (let i = 0; i < 3; i++) assert.ok("file" in (await found.find("ffprobe")));
    assert.equal(readFileSync(`${file}.notes`, "utf8"), "version\n");
  });

  it("is looked for again after a minute", async (t) => {
    const clock = new FakeClock();
    const folder = temporaryFolder(t);
    const found = new Programs(clock, new Children(systemClock), { PATH: folder });
    assert.ok("missing" in (await found.find("ffmpeg")));
    fakeProgram(folder, "ffmpeg", "");
    await clock.advance(59_000);
    assert.ok("missing" in (await found.find("ffmpeg")));
    await clock.advance(2000);
    assert.ok("file" in (await found.find("ffmpeg")));
  });

  it("another program under its name is none", async (t) => {
    const file = path.join(temporaryFolder(t), "ffprobe");
    writeFileSync(file, "#!/bin/sh\necho hello\n", { mode: 0o755 });
    assert.deepEqual(await programs({ FFPROBE_PATH: file }).find("ffprobe"), {
      missing: "ffprobe cannot be run: it does not tell its version",
    });
  });

  it("gets of our environment nothing that holds passwords or changes what it does", () => {
    const env = { PATH: "/bin", FFREPORT: "file=x", http_proxy: "http://p", MQTT_PASSWORD: "s3cret" };
    assert.deepEqual(programs(env).childEnv, { PATH: "/bin", LC_ALL: "C" });
  });
});
