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
  /** The longest body that is taken, in bytes. */
  mostBytes?: number;
}

const READ = ["GET", "HEAD"];
const FORM = [...READ, "POST"];
const WRITE = [...READ, "POST", "PUT", "DELETE"];
const RESOURCES = "/resources/@streampulse/node-red-dashboard-2-streampulse";

const MEGABYTE = 1024 * 1024;
/** 20,000 streams. */
const EDIT_BYTES = 8 * MEGABYTE;
/** 10 MB of text, whose quotes and line ends take more as JSON. */
const IMPORT_BYTES = 24 * MEGABYTE;

const own = (access: Route["access"], methods: readonly string[] = READ): Route => ({
  to: "own",
  access,
  methods,
});
const publicApi: Route = { to: "flow", access: "public", methods: READ };
const privateRead: Route = { to: "flow", access: "account", methods: READ };
const writable: Route = { to: "flow", access: "account", methods: WRITE, mostBytes: EDIT_BYTES };

/**
 * `:x` is one segment that is not empty, `:x.jpg` one that ends so, `*` at the end any number of them. The first that
 * fits counts.
 */
const PATHS: Record<Listener, Record<string, Route>> = {
  api: {
    "/healthz": own("open"),
    "/metrics": publicApi,
    "/api/status": publicApi,
    "/api/uptime": publicApi,
    "/api/streams": publicApi,
    "/api/streams/:name": publicApi,
    "/api/streams/:name/history": privateRead,
    // a backup is for the other port only
    "/api/incidents": privateRead,
    "/api/export.csv": privateRead,
    "/api/export.ndjson": privateRead,
  },
  gui: {
    "/healthz": own("open"),
    "/login": own("open", FORM),
    "/logout": own("open", FORM),
    "/setup": own("open", FORM),
    "/": own("account"),
    "/auth/tokens": own("account", ["GET", "POST"]),
    "/auth/tokens/:id": own("account", ["DELETE"]),
    "/auth/password": own("account", ["GET", "POST"]),
    "/auth/sign-out-everywhere": own("account", ["POST"]),
    "/api/openapi.json": own("account"),
    "/api/import": { ...writable, methods: ["POST"], mostBytes: IMPORT_BYTES },
    // all else below /api may be a flow of the user's own
    "/api/:any": writable,
    "/api/:any/*": writable,
    "/metrics": privateRead,
    "/preview/:name": privateRead,
    "/snapshot/:name.jpg": privateRead,
    "/dashboard/socket.io/": { to: "socket", access: "account", methods: FORM },
    "/dashboard": privateRead,
    "/dashboard/*": privateRead,
    [`${RESOURCES}/*`]: { to: "resource", access: "account", methods: READ },
    // v2.2's addresses, which lead to their successors
    "/export/all.csv": own("account"),
    "/history/:name": own("account"),
    "/settings": own("account"),
  },
};

/** @param segments the parts of the path, still encoded */
export function routeOf(listener: Listener, segments: readonly string[]): Route | undefined {
  return TABLES[listener].find(({ pattern }) => fits(pattern, segments))?.route;
}

/** All of them, for whoever describes or tests them. */
export function allRoutes(listener: Listener): { path: string; route: Route }[] {
  return Object.entries(PATHS[listener]).map(([path, route]) => ({ path, route }));
}

/** For flows on Node-RED's own port, where any path may be one: the public ones are public there too. */
export function editorRoute(segments: readonly string[]): Route {
  const route = routeOf("api", segments);
  return route?.to === "flow" && route.access === "public"
    ? route
    : { to: "flow", access: "account", methods: [] };
}

interface TableEntry {
  pattern: string[];
  route: Route;
}

const TABLES: Record<Listener, TableEntry[]> = { api: tableOf("api"), gui: tableOf("gui") };

function tableOf(listener: Listener): TableEntry[] {
  return allRoutes(listener).map(({ path, route }) => ({ pattern: path.slice(1).split("/"), route }));
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === "*";
  if (isOpen ? segments.length < pattern.length : segments.length !== pattern.length) return false;
  return pattern.every((part, index) => {
    const segment = segments[index] ?? "";
    if (part === "*") return true;
    if (!part.startsWith(":")) return segment === part;
    const ending = /\..*$/.exec(part)?.[0] ?? "";
    return segment.endsWith(ending) && segment.length > ending.length;
  });
}
