import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bulkTable, nameFromUrl } from "../../dashboard/ui-stream-settings/vue/import/bulk-lines";

describe("pasted lines", () => {
  it("become a table", () => {
    const text = 'rtsp://a/1\r\n\r\n# ours\nGate, rtsp://b/2?x="1",2\nrtsp://a:554/1\n';
    assert.equal(
      bulkTable(text),
      'name,url\n"a 1","rtsp://a/1"\n"Gate","rtsp://b/2?x=""1"",2"\n"a 1 2","rtsp://a:554/1"',
    );
  });

  it("are left to the import when they have a form of their own", () => {
    for (const text of [
      "name,url\nGate,rtsp://b/2",
      "#EXTM3U\n#EXTINF:-1,Gate\nrtsp://b/2",
      "streams: {}",
      "",
    ]) {
      assert.equal(bulkTable(text), undefined, text);
    }
  });

  it("are named without credentials", () => {
    assert.equal(nameFromUrl("rtsp://admin:p@ss@192.0.2.1:554/ch1/main?token=x#y"), "192.0.2.1 ch1/main");
    assert.equal(nameFromUrl("http://cam/"), "cam");
    const recorder = "rtsp://192.0.2.1:554/user=admin_password=tlJwpbo6_channel=1_stream=0.sdp?real_stream";
    assert.equal(nameFromUrl(recorder), "192.0.2.1");
    assert.equal(nameFromUrl("rtsp://viewer:s3c/ret@"), "stream");
  });
});
