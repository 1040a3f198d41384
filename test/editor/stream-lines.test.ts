import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keptUrl, MOST_FORM_STREAMS, urlCredentials } from "../../common/form-streams";
import { firstFault, freeSlot, lineFaults, urlToSend } from "../../editor/stream-lines";

const MASKED = "rtsp://viewer:********@cam.test/live";
const faultOf = (url: string, before?: string) =>
  lineFaults({ name: "a", url, group: "", before }, []).url?.text;

describe("what is kept of a typed URL", () => {
  const kept: [typed: string, url: string, secret: string | undefined][] = [
    ["rtsp://cam.test/live", "rtsp://cam.test/live", ""],
    ["rtsp://viewer:s3cret@cam.test/live", MASKED, "rtsp://viewer:s3cret@cam.test/live"],
    ["http://cam.test/a?token=abc", "http://cam.test/a?token=********", "http://cam.test/a?token=abc"],
    // as it was
    [MASKED, MASKED, undefined],
    ["rtsp://viewer:${CAM}@cam.test/", "rtsp://viewer:${CAM}@cam.test/", ""],
  ];
  for (const [typed, url, secret] of kept) {
    it(`${typed} → ${url}`, () => assert.deepEqual(keptUrl(typed), { url, secret }));
  }
});

describe("a line of the form", () => {
  it("may be all that a stream may be", () => {
    assert.deepEqual(lineFaults({ name: "Tür 1", url: "rtsp://cam.test/live", group: "" }, ["Yard"]), {});
    assert.equal(faultOf("rtsp://${HOST}/live"), undefined);
  });

  it("names what is wrong", () => {
    const { name, url, group } = lineFaults(
      { name: "Yard", url: "ftp://cam.test/", group: "x".repeat(201) },
      ["Yard"],
    );
    assert.equal(name?.text, "taken");
    assert.equal(url?.text, "urlScheme");
    assert.deepEqual(group, { text: "long", values: { max: 200 } });
    assert.equal(lineFaults({ name: "", url: "", group: "" }, []).name?.text, "empty");
    assert.equal(lineFaults({ name: "a\u0000", url: "", group: "" }, []).name?.text, "control");
    assert.equal(faultOf(""), "empty");
    assert.equal(faultOf("rtsp://"), "urlHost");
  });

  it("keeps a hidden password for its own address", () => {
    assert.equal(faultOf(MASKED, MASKED), undefined);
    assert.equal(faultOf("rtsp://viewer:********@cam.test/other", MASKED), undefined);
    assert.equal(faultOf("rtsp://viewer:********@elsewhere.test/live", MASKED), "otherPlace");
    assert.equal(faultOf("http://viewer:********@cam.test/live", MASKED), "otherPlace");
    assert.equal(faultOf(MASKED), "typePassword", "nothing is known of a new line");
    assert.equal(
      faultOf("rtsp://viewer:********@cam.test/live?token=abc", MASKED),
      "typePassword",
      "half of it typed",
    );
  });

  it("is found in the list as the flow holds it", () => {
    const line = { id: "1", slot: 0, name: "a", url: MASKED, enabled: true, group: "" };
    assert.equal(firstFault([line]), undefined);
    assert.equal(firstFault(undefined), undefined);
    assert.equal(firstFault([line, { ...line, id: "2" }])?.fault.text, "taken");
    assert.equal(firstFault([{ ...line, url: "" }])?.fault.text, "empty");
    assert.equal(firstFault([{}])?.fault.text, "empty");
  });
});

describe("the credentials of the form", () => {
  it("are one a stream", () => {
    assert.equal(Object.keys(urlCredentials()).length, MOST_FORM_STREAMS);
    assert.deepEqual(urlCredentials().url_0, { type: "password" });
    assert.equal(freeSlot(new Set([0, 1, 3])), 2);
    assert.equal(freeSlot(new Set(Array.from({ length: MOST_FORM_STREAMS }, (_, slot) => slot))), undefined);
  });

  it("are sent to be tried where this browser still knows them", () => {
    assert.equal(urlToSend(MASKED, "rtsp://viewer:s3cret@cam.test/x"), "rtsp://viewer:s3cret@cam.test/live");
    assert.equal(urlToSend(MASKED, undefined), MASKED);
    assert.equal(
      urlToSend("rtsp://a:b@cam.test/", "rtsp://viewer:s3cret@cam.test/x"),
      "rtsp://a:b@cam.test/",
    );
  });
});
