import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { ImportFormat } from "../../../contracts/edits";
import { CSV_COLUMNS, writeCsv } from "../../../nodes/stream-config/import/csv";
import { readImport } from "../../../nodes/stream-config/import";
import { ImportFault } from "../../../nodes/stream-config/import/importer";
import { fixture } from "../../support/fixtures";

const ENV = { CAM_PASSWORD: "x", FRIGATE_RTSP_USER: "admin", FRIGATE_RTSP_PASSWORD: "x" };

function read(name: string, format?: ImportFormat) {
  return readText(readFileSync(fixture("import", name), "utf8"), format);
}

function readText(text: string, format?: ImportFormat) {
  const { streams, skipped, ...rest } = readImport(text, format, ENV);
  return {
    ...rest,
    streams: streams.map(({ name, url, more = {} }) =>
      Object.keys(more).length > 0 ? [name, url, more] : [name, url],
    ),
    skipped: skipped.map(({ name, reason }) => `${name} ${reason}`),
  };
}

const faultOf = (text: string, format?: ImportFormat): string => {
  try {
    readImport(text, format, ENV);
  } catch (error) {
    assert.ok(error instanceof ImportFault, String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: "nothing was refused" });
};

describe("what is imported", () => {
  it("of go2rtc: the first source that can be watched", () => {
    assert.deepEqual(read("go2rtc.yaml"), {
      format: "go2rtc",
      streams: [
        ["123", "rtsp://192.0.2.21/live"],
        ["front", "rtsp://admin:p%40ss@192.0.2.10:554/stream1"],
        ["front_sub", "rtsp://192.0.2.10:554/stream2", { transport: "udp" }],
        ["hash", "rtsp://admin:p#ss@192.0.2.11/live"],
        ["wrapped", "http://192.0.2.12/mjpg/video.mjpg"],
        ["unifi", "rtsps://192.0.2.13:7441/AbC1dEfGhIjK2lMn"],
        ["map", "rtsp://192.0.2.14/live"],
        ["secret", "rtsp://admin:${CAM_PASSWORD}@192.0.2.15/live"],
        ["defaulted", "rtsp://viewer@192.0.2.16/live"],
        ["second_one_works", "rtsp://192.0.2.20/stream1"],
        ["dollar $${x}", "rtsp://192.0.2.22/live"],
      ],
      skipped: [
        "alias is taken from go2rtc itself",
        "relay is taken from go2rtc itself",
        "unset names the environment variable NOT_SET, which is not set here",
        "command is a command (exec:), which is not run",
        "echo is a command (echo:), which is not run",
        "expression is an expression (expr:), which is not evaluated",
        "homekit is of a kind that is not watched (homekit:)",
        "empty has no source",
      ],
    });
  });

  it("of Frigate: every input, followed through its go2rtc", () => {
    assert.deepEqual(read("frigate.yml"), {
      format: "frigate",
      streams: [
        ["Front Door", "rtsp://${FRIGATE_RTSP_USER}:${FRIGATE_RTSP_PASSWORD}@192.0.2.10:554/main"],
        ["Front Door (detect)", "rtsp://${FRIGATE_RTSP_USER}:${FRIGATE_RTSP_PASSWORD}@192.0.2.10:554/sub"],
        ["yard", "rtsp://192.0.2.11/live", { transport: "udp", enabled: false }],
      ],
      skipped: [
        "doorbell is a command (exec:), which is not run",
        "gone is taken from a go2rtc stream that this file does not hold",
        "file has a URL that must begin with rtsp://, rtsps://, http:// or https://",
        "unset names the environment variable FRIGATE_NOT_SET, which is not set here",
        "none has no inputs",
      ],
    });
  });

  it("of MediaMTX: the paths that have a source", () => {
    assert.deepEqual(read("mediamtx.yml"), {
      format: "mediamtx",
      streams: [
        ["front", "rtsp://admin:p$ss@192.0.2.10:554/live", { transport: "tcp" }],
        ["yard", "rtsps://192.0.2.11/live", { transport: "udp" }],
        ["radio/hls", "https://192.0.2.12/live/index.m3u8"],
      ],
      skipped: [
        "pushed is published to MediaMTX, so that there is no address to watch",
        "pushed_too is published to MediaMTX, so that there is no address to watch",
        "away only redirects to another path",
        "pi is a camera on MediaMTX's own machine",
        "srt is of a kind that is not watched (srt:)",
        "~^cam(.+)$ stands for many paths, whose names are not known",
        "all_others stands for many paths, whose names are not known",
      ],
    });
  });

  it("of Uptime Kuma: the monitors that have a URL", () => {
    assert.deepEqual(read("uptime-kuma.json"), {
      format: "uptime-kuma",
      streams: [
        [
          "Gate",
          "http://192.0.2.10/mjpg/video.mjpg",
          { group: "Site A", tags: ["outdoor", "floor: 2"], heartbeat_seconds: 60 },
        ],
        [
          "Recorder",
          "https://ad%20min:s3%2Fcret@192.0.2.11/live.m3u8",
          { heartbeat_seconds: 3600, enabled: false },
        ],
        ["Odd $${x}", "http://192.0.2.12/x.mjpg"],
      ],
      skipped: [
        "Router is a monitor of the type ping, which is not watched",
        "Broker is a monitor of the type mqtt, which is not watched",
        "Empty has a URL that has no host name or address that can be read (write special characters of a password as %XX, such as %2F for /)",
      ],
    });
  });

  it("of a playlist: names, groups and addresses", () => {
    assert.deepEqual(read("list.m3u"), {
      format: "m3u",
      streams: [
        ["Front Door, left", "rtsp://admin:s3cret@192.0.2.10:554/live", { group: "Outdoor, north" }],
        ["Yard", "http://192.0.2.11/live/index.m3u8"],
        ["Grouped", "https://192.0.2.12/live.m3u8?token=s3cret", { group: "Indoor" }],
        ["192.0.2.13:8080/cam/1.mjpg", "http://192.0.2.13:8080/cam/1.mjpg?x=1"],
      ],
      skipped: [
        "Multicast is of a kind that is not watched (udp:)",
        "Relative has a URL that must begin with rtsp://, rtsps://, http:// or https://",
      ],
    });
    const recorder = "rtsp://192.0.2.1:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream";
    assert.deepEqual(readText(`${recorder}\n`).streams, [["192.0.2.1:554", recorder]]);
    assert.deepEqual(readText("# mine\nrtsp://u:s3cret@h/live\nhttp://h/2\n").streams, [
      ["h/live", "rtsp://u:s3cret@h/live"],
      ["h/2", "http://h/2"],
    ]);
  });

  it("of a table with a header, in any delimiter", () => {
    assert.deepEqual(read("table.csv"), {
      format: "csv",
      streams: [
        [
          "Gate; left",
          "rtsp://192.0.2.10/live",
          { group: "Outdoor", tags: ["north", "parking"], heartbeat_seconds: 60, enabled: false },
        ],
        ["=Sum", "http://192.0.2.11/x.mjpg", { enabled: true }],
        ["row 3", "rtsp://192.0.2.12/live"],
        ["Bad beat", "rtsp://192.0.2.14/live", { heartbeat_seconds: "soon" }],
      ],
      skipped: ["No address has no url", "Wrong is of a kind that is not watched (ftp:)"],
    });
    assert.deepEqual(readText("Gate,rtsp://h/1,Outdoor\nYard,rtsp://h/2").streams, [
      ["Gate", "rtsp://h/1", { group: "Outdoor" }],
      ["Yard", "rtsp://h/2"],
    ]);
    assert.deepEqual(readText("name\turl\nGate\trtsp://h/1\n").streams, [["Gate", "rtsp://h/1"]]);
  });

  it("of StreamPulse v2.2 and of now: the streams and the settings", () => {
    const { format, streams, skipped, settings } = readImport(
      readFileSync(fixture("v2.2", "config.yaml"), "utf8"),
      undefined,
      ENV,
    );
    assert.equal(format, "streampulse");
    assert.equal(streams.length, 9);
    assert.deepEqual(streams[3], {
      name: "Yard (auth)",
      url: "rtsp://viewer:s3cret@127.0.0.1:8554/401/yard",
      more: {},
    });
    assert.deepEqual(skipped, []);
    assert.deepEqual([settings?.heartbeat_seconds, settings?.timezone], [5, "Asia/Calcutta"]);
    const odd = readText(
      "streams:\n- name: 7\n  url: rtsp://${HOST}/1\n- name: a\n  url: x\n- name: b\n  url: rtsp://h/${CAM_PASSWORD}\n  enabled: no\n",
    );
    assert.deepEqual(odd.streams, [["b", "rtsp://h/${CAM_PASSWORD}", { enabled: false }]]);
    assert.deepEqual(odd.skipped, [
      "7 url names the environment variable HOST, which is not set: set it, or write $${ for the text ${ itself",
      "a url must begin with rtsp://, rtsps://, http:// or https://",
    ]);
  });
});

describe("what is not recognised or cannot be read", () => {
  const NOT_KNOWN =
    "This is no list of streams that is known: a config.yaml, go2rtc, Frigate, MediaMTX, a backup of Uptime Kuma, M3U, or CSV with the columns name and url.";

  const texts: [name: string, text: string, sentence: string][] = [
    ["nothing", " \n", "There is nothing to import: the text is empty."],
    ["a picture", "\u0000\u0001JFIF", "This is not a text file: it holds control characters."],
    ["prose", "Dear all, see the attached file.", NOT_KNOWN],
    ["a number", "7", NOT_KNOWN],
    ["an empty list", "[]", NOT_KNOWN],
    ["keys of something else", "services:\n  web:\n    image: nginx\n", NOT_KNOWN],
    ["HTML", "<!doctype html>\n<html><body>x</body></html>", NOT_KNOWN],
    [
      "broken YAML",
      "streams:\n  a: rtsp://h/1\n\tb: x\n",
      "The text cannot be read as YAML: line 3, column 1: a tab is used for indentation: YAML wants spaces, so replace the tab by spaces.",
    ],
    [
      "the playlist of one stream",
      "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nsegment1.ts\n",
      "This is the playlist of one HLS stream and not a list of streams: add the address that it came from.",
    ],
    [
      "a table with an open quote",
      'name,url\n"Gate,rtsp://h/1\nYard,rtsp://h/2\n',
      "The table cannot be read in line 2: a quote is not closed, or stands inside of a cell.",
    ],
    [
      "a bomb",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
        .split("")
        .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
        .join("\n")}\nstreams: *i\n`,
      "The text cannot be read as YAML: line 7, column 7: the aliases (*…) used here stand for more than 3000000 values: write out what is meant.",
    ],
  ];
  for (const [name, text, sentence] of texts) {
    it(`is refused with a sentence: ${name}`, () => assert.equal(faultOf(text), sentence));
  }

  it("is refused in the words of the format that was named", () => {
    assert.equal(faultOf("just words", "frigate"), "The text holds no keys.");
    assert.match(
      faultOf("streams:\n\t- x", "streampulse"),
      /^The file cannot be read: line 2, column 1: a tab is used/,
    );
    assert.deepEqual(readText("paths: {}\n", "go2rtc").streams, []);
  });
});

describe("a table of streams", () => {
  it("comes back as it was written", () => {
    const streams = [
      { name: "Gate", url: "rtsp://u:p@h/1?a=1,2" },
      { name: '"quoted", and; more', url: "http://h/2", group: "=A1", tags: ["a", "b c"], enabled: false },
      {
        name: " spaces ",
        url: "rtsp://h/3",
        tags: ["a;b", "[c"],
        heartbeat_seconds: 30,
        level: "handshake",
        transport: "udp",
      },
      {
        name: "@cmd",
        url: "rtsp://h/4",
        timeout_ms: 5000,
        confirm_failures: 3,
        picture_minutes: 0.5,
        tls_verify: true,
      },
    ];
    const text = writeCsv(streams);
    assert.equal(text.split("\r\n")[0], CSV_COLUMNS.join(","));
    assert.match(text, /^'@cmd,/m);
    const back = readImport(text, undefined, {}).streams.map(({ name, url, more }) => ({
      name,
      url,
      ...more,
    }));
    assert.deepEqual(back, [...streams.slice(0, 2), { ...streams[2], name: "spaces" }, ...streams.slice(3)]);
  });
});
