import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hasPlainHost, readRequestTarget } from "../../../runtime/http/request-target";
import { editorRoute, routeOf } from "../../../runtime/http/routes";

describe("the target of a request", () => {
  const refused = [
    undefined,
    "",
    "*",
    "flows",
    "http://127.0.0.1/flows",
    "//flows",
    "/api//status",
    "/api/../flows",
    "/..",
    "/api/./status",
    "/%2e%2e/flows",
    "/.%2E/flows",
    "/api/streams/%2e",
    "/api\\..\\flows",
    "/api/%5c..%5Cflows",
    "/api%2f..%2fflows",
    "/api%2Fstatus",
    "/dashboard/a%2Fb",
    "/preview/a%2F..%2Fb",
    "/api/streams/x/his%2ftory",
    "/api/streams/%",
    "/api/streams/%zz",
    "/api/streams/%ff",
    "/api/streams/a%00b",
    "/api/streams/a%0d%0aSet-Cookie:x",
    "/api/status#x",
    "/api/sta tus",
    "/api/status\u00e9",
  ];
  for (const target of refused) {
    it(`refuses ${target}`, () => assert.equal(readRequestTarget(target).ok, false));
  }

  const allowed: [string, string[]][] = [
    ["/", [""]],
    ["/api/streams/a%2Fb?from=../x", ["api", "streams", "a%2Fb"]],
    ["/api/streams/cam..1/history", ["api", "streams", "cam..1", "history"]],
    ["/preview/%F0%9F%93%B7%20%2525", ["preview", "%F0%9F%93%B7%20%2525"]],
    ["/snapshot/a%2fb.jpg", ["snapshot", "a%2fb.jpg"]],
  ];
  for (const [target, segments] of allowed) {
    it(`lets ${target} pass`, () => {
      const read = readRequestTarget(target);
      assert.deepEqual(read, { ok: true, path: target.split("?")[0], segments });
    });
  }

  it("wants one plain Host", () => {
    const good = ["example.org", "example.org:8000", "127.0.0.1:7000", "[::1]:7000", "cam_1"];
    for (const host of good) assert.equal(hasPlainHost(["Host", host], "1.1"), true, host);
    const bad = ["", "a b", "user@host", "host/flows", "a,b", "host:port", "[::1"];
    for (const host of bad) assert.equal(hasPlainHost(["host", host], "1.1"), false, host);
    assert.equal(hasPlainHost(["Host", "a", "HOST", "b"], "1.1"), false);
    assert.equal(hasPlainHost([], "1.1"), false);
    assert.equal(hasPlainHost([], "1.0"), true);
  });
});

describe("the routes", () => {
  const words = (listener: "api" | "gui", path: string) => {
    const route = routeOf(listener, path.slice(1).split("/"));
    return route ? `${route.to} ${route.access} ${route.methods.join(",")}` : "none";
  };

  const table: ["api" | "gui", string, string][] = [
    ["api", "/api/status", "flow public GET,HEAD"],
    ["api", "/api/streams", "flow public GET,HEAD"],
    ["api", "/api/streams/a%2Fb", "flow public GET,HEAD"],
    ["api", "/api/uptime", "flow public GET,HEAD"],
    ["api", "/metrics", "flow public GET,HEAD"],
    ["api", "/healthz", "own open GET,HEAD"],
    ["api", "/api/streams/x/history", "flow account GET,HEAD"],
    ["api", "/api/incidents", "flow account GET,HEAD"],
    ["api", "/api/export.csv", "flow account GET,HEAD"],
    ["api", "/api/export.ndjson", "flow account GET,HEAD"],
    ["gui", "/metrics", "flow account GET,HEAD"],
    ["gui", "/api/backup", "flow account GET,HEAD,POST,PUT,DELETE"],
    ["gui", "/", "own account GET,HEAD"],
    ["gui", "/login", "own open GET,HEAD,POST"],
    ["gui", "/api/status", "flow account GET,HEAD,POST,PUT,DELETE"],
    ["gui", "/api/import", "flow account POST"],
    ["gui", "/dashboard", "flow account GET,HEAD"],
    ["gui", "/dashboard/page1", "flow account GET,HEAD"],
    ["gui", "/dashboard/api/v1/x", "flow account GET,HEAD"],
    ["gui", "/dashboard/socket.io/", "socket account GET,HEAD,POST"],
    ["gui", "/dashboard/socket.io", "flow account GET,HEAD"],
    ["gui", "/dashboard/socket.io/x", "flow account GET,HEAD"],
    ["gui", "/preview/x", "flow account GET,HEAD"],
    ["gui", "/snapshot/x.jpg", "flow account GET,HEAD"],
    ["gui", "/resources/@streampulse/node-red-dashboard-2-streampulse/a.js", "resource account GET,HEAD"],
    ["gui", "/auth/tokens", "own account GET,POST"],
    ["gui", "/auth/tokens/1", "own account DELETE"],
    ["gui", "/auth/password", "own account GET,POST"],
    ["gui", "/auth/sign-out-everywhere", "own account POST"],
    ["gui", "/api/openapi.json", "own account GET,HEAD"],
    ["gui", "/export/all.csv", "own account GET,HEAD"],
    ["gui", "/history/a%2Fb", "own account GET,HEAD"],
    ["gui", "/settings", "own account GET,HEAD"],
  ];
  for (const [listener, path, expected] of table) {
    it(`${listener} ${path}: ${expected}`, () => assert.equal(words(listener, path), expected));
  }

  it("are public on the editor's port where they are public elsewhere", () => {
    assert.equal(editorRoute(["api", "status"]).access, "public");
    assert.equal(editorRoute(["api", "incidents"]).access, "account");
    assert.equal(editorRoute(["anything"]).access, "account");
  });

  const unknown: ["api" | "gui", string][] = [
    ["api", "/"],
    ["api", "/login"],
    ["api", "/dashboard"],
    ["api", "/API/status"],
    ["api", "/api/status/"],
    ["api", "/api/streams/"],
    ["api", "/api/streams//history"],
    ["api", "/api/settings"],
    ["api", "/api/backup"],
    ["gui", "/flows"],
    ["gui", "/settings/user"],
    ["gui", "/auth/login"],
    ["gui", "/auth/token"],
    ["gui", "/auth/tokens/"],
    ["gui", "/red/red.min.js"],
    ["gui", "/nodes"],
    ["gui", "/comms"],
    ["gui", "/dashboards"],
    ["gui", "/resources/node-red-other/a.js"],
    ["gui", "/resources/@streampulse/node-red-dashboard-2-streampulse"],
    ["gui", "/preview/x/y"],
    ["gui", "/snapshot/x"],
    ["gui", "/snapshot/.jpg"],
    ["gui", "/snapshot/x.png"],
  ];
  for (const [listener, path] of unknown) {
    it(`${listener} knows no ${path}`, () => assert.equal(words(listener, path), "none"));
  }
});
