/** Every path that the two public listeners know. What does not stand here does not exist for them. */

/** `api` is the read-only port, `gui` the one with a login. */
export type Listener = "api" | "gui";

export interface Route {
  /**
   * `own` is answered by the plugin; `flow` goes to Node-RED's http-in nodes and the dashboard, and never to its admin
   * routes; `resource` is the one admin route that widgets need; `socket` is the dashboard's live connection.
   */
  to: "own" | "flow" | "resource" | "socket";
  /** `open` for everybody, `public` too unless STREAMPULSE_API_TOKEN is set, `account` for session or token. */
  access: "open" | "public" | "account";
  methods: readonly string[];
}

const READ = ["GET", "HEAD"];
const FORM = [...READ, "POST"];
const WRITE = [...READ, "POST", "PUT", "DELETE"];
const OUR_RESOURCES = ["resources", "@streampulse", "node-red-dashboard-2-streampulse"];

/** Of the API port, under /api. A backup is for the other port only. */
const PRIVATE_READS = ["incidents", "export.csv", "export.ndjson"];

const health: Route = { to: "own", access: "open", methods: READ };
const publicApi: Route = { to: "flow", access: "public", methods: READ };
const privateRead: Route = { to: "flow", access: "account", methods: READ };

/** @param segments the parts of the path, still encoded */
export function routeOf(listener: Listener, segments: readonly string[]): Route | undefined {
  return listener === "api" ? apiRoute(segments) : guiRoute(segments);
}

/** For flows on Node-RED's own port, where any path may be one: the public ones are public there too. */
export function editorRoute(segments: readonly string[]): Route {
  return isPublicApi(segments) ? publicApi : { to: "flow", access: "account", methods: [] };
}

/** Open as in v2.2. */
function isPublicApi([first, second, ...rest]: readonly string[]): boolean {
  if (first === "metrics") return second === undefined;
  if (first !== "api") return false;
  if (second === "status" || second === "uptime") return rest.length === 0;
  return second === "streams" && (rest.length === 0 || (rest.length === 1 && rest[0] !== ""));
}

function apiRoute(segments: readonly string[]): Route | undefined {
  const [first, second, third, fourth] = segments;
  if (isPublicApi(segments)) return publicApi;
  if (segments.length === 1 && first === "healthz") return health;
  if (first !== "api") return undefined;
  if (segments.length === 2 && PRIVATE_READS.includes(second ?? "")) return privateRead;
  if (segments.length === 4 && second === "streams" && third !== "" && fourth === "history")
    return privateRead;
  return undefined;
}

function guiRoute(segments: readonly string[]): Route | undefined {
  const [first = "", second, third] = segments;
  if (first === "metrics" && segments.length === 1) return privateRead;
  if (first === "api" && second) return { to: "flow", access: "account", methods: WRITE };
  if (first === "dashboard") return dashboardRoute(segments);
  if (OUR_RESOURCES.every((word, index) => segments[index] === word) && segments.length > 3) {
    return { to: "resource", access: "account", methods: READ };
  }
  if (first === "auth" && second === "tokens") {
    if (segments.length === 2) return { to: "own", access: "account", methods: ["GET", "POST"] };
    if (segments.length === 3 && third) return { to: "own", access: "account", methods: ["DELETE"] };
    return undefined;
  }
  if (segments.length === 2 && second && (first === "preview" || first === "snapshot")) return privateRead;
  if (segments.length !== 1) return undefined;
  if (first === "") return { to: "own", access: "account", methods: READ };
  if (first === "healthz") return health;
  return ["login", "logout", "setup"].includes(first)
    ? { to: "own", access: "open", methods: FORM }
    : undefined;
}

/** POST is how socket.io speaks where no WebSocket passes. Its path ends with a slash and is exactly this one. */
function dashboardRoute(segments: readonly string[]): Route {
  const isSocket = segments.length === 3 && segments[1] === "socket.io" && segments[2] === "";
  if (isSocket) return { to: "socket", access: "account", methods: FORM };
  return { to: "flow", access: "account", methods: READ };
}
