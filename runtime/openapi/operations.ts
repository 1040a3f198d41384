import type { SchemaName } from "./schemas";

/** What each path of the API does, for openapi.json. */
export interface Operation {
  summary: string;
  /** `public` is open on the API's port; `session` wants a person who is signed in, and takes no token. */
  access: "open" | "public" | "account" | "session";
  tag: "Status" | "History" | "Configuration" | "Pictures" | "Account" | "Pages";
  query?: Record<string, { text: string; schema?: object }>;
  /** The body as JSON. */
  body?: SchemaName | object;
  /** The body may also be text. */
  textBody?: true;
  /** With `If-Match`: refuse what somebody else has changed meanwhile. */
  conditional?: true;
  answers: Record<number, Answer>;
}

export interface Answer {
  text: string;
  json?: SchemaName | { listOf: SchemaName } | object;
  type?: string;
}

type Method = "get" | "post" | "put" | "delete";

const TIME = "Epoch milliseconds, or ISO 8601 in the configured time zone where it names no offset.";
const RANGE = { from: { text: `Inclusive. ${TIME}` }, to: { text: `Exclusive. ${TIME}` } };
const STREAM = { stream: { text: "Only this stream." } };
const page = (text: string): Answer => ({ text, type: "text/html" });
const leads = (text: string): Operation => ({
  summary: text,
  access: "account",
  tag: "Pages",
  answers: { 303: { text } },
});
const saved: Answer = { text: "Saved, and in force.", json: "EditAnswer" };

export const OPERATIONS: Record<string, Partial<Record<Method, Operation>>> = {
  "/healthz": {
    get: {
      summary: "How StreamPulse itself is. 503 only when probing or storing has stopped.",
      access: "open",
      tag: "Status",
      answers: { 200: { text: "It works.", json: "Health" }, 503: { text: "It does not.", json: "Health" } },
    },
  },
  "/metrics": {
    get: {
      summary: "Metrics for Prometheus",
      access: "public",
      tag: "Status",
      answers: { 200: { text: "Text format 0.0.4.", type: "text/plain" } },
    },
  },
  "/api/status": {
    get: {
      summary: "The last check of each stream, as v2.2 answered it",
      access: "public",
      tag: "Status",
      answers: { 200: { text: "By name.", json: "Status" } },
    },
  },
  "/api/streams": {
    get: {
      summary: "All streams",
      access: "public",
      tag: "Status",
      answers: { 200: { text: "In the order of config.yaml.", json: { listOf: "StreamStatus" } } },
    },
    post: {
      summary: "Add one stream or several, all or none",
      access: "account",
      tag: "Configuration",
      conditional: true,
      body: {
        oneOf: [
          { $ref: "#/components/schemas/Stream" },
          { type: "array", items: { $ref: "#/components/schemas/Stream" }, minItems: 1, maxItems: 20_000 },
        ],
      },
      answers: { 201: saved },
    },
  },
  "/api/streams/{name}": {
    get: {
      summary: "One stream",
      access: "public",
      tag: "Status",
      answers: { 200: { text: "As in the list.", json: "StreamStatus" }, 404: { text: "There is none." } },
    },
    put: {
      summary: "Change a stream; another name renames it, and its history stays",
      access: "account",
      tag: "Configuration",
      conditional: true,
      body: "StreamChange",
      answers: { 200: saved, 404: { text: "There is none." } },
    },
    delete: {
      summary: "Delete a stream",
      access: "account",
      tag: "Configuration",
      conditional: true,
      query: { history: { text: "`delete` deletes the history too.", schema: { enum: ["keep", "delete"] } } },
      answers: { 200: saved, 404: { text: "There is none." } },
    },
  },
  "/api/streams/{name}/check": {
    post: {
      summary: "Check a stream now",
      access: "account",
      tag: "Status",
      query: { level: { text: "`deep` looks with ffprobe.", schema: { enum: ["deep"] } } },
      answers: {
        202: {
          text: "It is being checked.",
          json: { type: "object", properties: { checking: { type: "string" } }, required: ["checking"] },
        },
        404: { text: "There is none." },
      },
    },
  },
  "/api/streams/{name}/history": {
    get: {
      summary: "The checks of a stream, or sums of them",
      access: "account",
      tag: "History",
      query: {
        ...RANGE,
        limit: {
          text: "Of checks.",
          schema: { type: "integer", minimum: 1, maximum: 10_000, default: 1000 },
        },
        bucket: { text: "A width such as `30s`, `5m`, `1h`, `1d`: sums in the place of checks." },
      },
      answers: { 200: { text: "Of the last 24 hours unless told otherwise.", json: "History" } },
    },
  },
  "/api/uptime": {
    get: {
      summary: "Uptime by windows",
      access: "public",
      tag: "History",
      query: {
        window: { text: "One or several of `24h`, `7d`, `30d`, `90d`, with commas between." },
        by: { text: "One or several of `stream`, `group`, `all`." },
        ...STREAM,
      },
      answers: { 200: { text: "With the rule by which it is counted.", json: "Uptime" } },
    },
  },
  "/api/incidents": {
    get: {
      summary: "Incidents, newest first",
      access: "account",
      tag: "History",
      query: {
        ...STREAM,
        ...RANGE,
        limit: {
          text: "Of incidents.",
          schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
        },
        open: { text: "`true`: only those that last.", schema: { type: "boolean" } },
        before: { text: "`next.before` of the page before." },
      },
      answers: { 200: { text: "Those that touch the range.", json: "Incidents" } },
    },
  },
  "/api/export.csv": {
    get: {
      summary: "Every check, as a table",
      access: "account",
      tag: "History",
      query: { ...STREAM, ...RANGE },
      answers: { 200: { text: "stream,ts,status,latency_ms,message", type: "text/csv" } },
    },
  },
  "/api/export.ndjson": {
    get: {
      summary: "Every check, one JSON object a line",
      access: "account",
      tag: "History",
      query: { ...STREAM, ...RANGE },
      answers: { 200: { text: "As `checks` of the history.", type: "application/x-ndjson" } },
    },
  },
  "/api/backup": {
    get: {
      summary: "A consistent copy of the database",
      access: "account",
      tag: "History",
      answers: { 200: { text: "SQLite.", type: "application/vnd.sqlite3" } },
    },
  },
  "/api/settings": {
    get: {
      summary: "What stands in config.yaml, secrets masked",
      access: "account",
      tag: "Configuration",
      query: STREAM,
      answers: { 200: { text: "With its revision as `ETag`.", json: "Config" } },
    },
    put: {
      summary: "Change settings; only the keys given",
      access: "account",
      tag: "Configuration",
      conditional: true,
      body: "Settings",
      answers: { 200: saved },
    },
  },
  "/api/streams.csv": {
    get: {
      summary: "The list of streams as a table that can be imported, secrets masked",
      access: "account",
      tag: "Configuration",
      answers: { 200: { text: "With a header.", type: "text/csv" } },
    },
  },
  "/api/import": {
    post: {
      summary: "Show what another system's configuration would add, change and skip; with `apply`, do it",
      access: "account",
      tag: "Configuration",
      conditional: true,
      query: {
        format: { text: "Of a text body. Unset: recognised." },
        apply: { text: "Of a text body.", schema: { type: "boolean" } },
      },
      body: "Import",
      textBody: true,
      answers: { 200: { text: "Applied or not, as `applied` says.", json: "ImportAnswer" } },
    },
  },
  "/api/services/{service}/{do}": {
    post: {
      summary: "Stop, start or restart the monitor or the MQTT publisher",
      access: "account",
      tag: "Configuration",
      conditional: true,
      answers: { 200: saved },
    },
  },
  "/api/openapi.json": {
    get: {
      summary: "This description",
      access: "account",
      tag: "Account",
      answers: { 200: { text: "OpenAPI 3.1.", json: { type: "object" } } },
    },
  },
  "/preview/{name}": {
    get: {
      summary: "Live pictures of a stream, for 5 s unless told otherwise",
      access: "account",
      tag: "Pictures",
      query: {
        seconds: { text: "How long.", schema: { type: "integer", minimum: 1, maximum: 600, default: 5 } },
        keep: { text: "`1`: as long as is possible.", schema: { enum: ["0", "1"] } },
      },
      answers: { 200: { text: "MJPEG.", type: "multipart/x-mixed-replace" } },
    },
  },
  "/snapshot/{name}": {
    get: {
      summary: "One picture of a stream; the name ends with .jpg",
      access: "account",
      tag: "Pictures",
      query: {
        width: { text: "In pixels.", schema: { type: "integer", minimum: 16, maximum: 4096 } },
        max_age: {
          text: "How old it may be, in seconds.",
          schema: { type: "integer", minimum: 0, maximum: 3600 },
        },
      },
      answers: { 200: { text: "A picture.", type: "image/jpeg" } },
    },
  },
  "/auth/tokens": {
    get: {
      summary: "The API tokens",
      access: "session",
      tag: "Account",
      answers: { 200: { text: "Without the tokens themselves.", json: { listOf: "Token" } } },
    },
    post: {
      summary: "Make a token that may read and write",
      access: "session",
      tag: "Account",
      body: { type: "object", properties: { name: { type: "string", maxLength: 100 } }, required: ["name"] },
      answers: { 201: { text: "The token, this once.", json: "NewToken" } },
    },
  },
  "/auth/tokens/{id}": {
    delete: {
      summary: "Revoke a token",
      access: "session",
      tag: "Account",
      answers: { 204: { text: "It opens nothing more." }, 404: { text: "There is none." } },
    },
  },
  "/auth/password": {
    get: {
      summary: "Whether the password can be changed here",
      access: "session",
      tag: "Account",
      answers: {
        200: {
          text: "False where STREAMPULSE_ADMIN_PASSWORD sets it.",
          json: { type: "object", properties: { changeable: { type: "boolean" } }, required: ["changeable"] },
        },
      },
    },
    post: {
      summary: "Change the password; all other sessions end",
      access: "session",
      tag: "Account",
      body: {
        type: "object",
        properties: { old: { type: "string" }, new: { type: "string", minLength: 10, maxLength: 200 } },
        required: ["old", "new"],
      },
      answers: {
        204: { text: "Changed." },
        409: { text: "It is set by the environment." },
        429: { text: "Too many tries." },
      },
    },
  },
  "/auth/sign-out-everywhere": {
    post: {
      summary: "End every session, this one too, and every editor's; API tokens stay",
      access: "session",
      tag: "Account",
      answers: { 204: { text: "Ended." } },
    },
  },
  "/login": {
    get: { summary: "Sign in", access: "open", tag: "Pages", answers: { 200: page("A form.") } },
    post: {
      summary: "Sign in",
      access: "open",
      tag: "Pages",
      answers: { 303: { text: "Signed in." }, 401: page("Wrong."), 429: page("Too many tries.") },
    },
  },
  "/logout": {
    get: { summary: "Sign out", access: "open", tag: "Pages", answers: { 200: page("A form.") } },
    post: { summary: "Sign out", access: "open", tag: "Pages", answers: { 303: { text: "Signed out." } } },
  },
  "/setup": {
    get: {
      summary: "Choose the first password",
      access: "open",
      tag: "Pages",
      answers: { 200: page("A form.") },
    },
    post: {
      summary: "Choose the first password",
      access: "open",
      tag: "Pages",
      answers: { 303: { text: "Signed in." }, 400: page("Wrong.") },
    },
  },
  "/": { get: leads("To the dashboard; without one, a page of its own") },
  "/dashboard": {
    get: { summary: "The dashboard", access: "account", tag: "Pages", answers: { 200: page("It.") } },
  },
  "/export/all.csv": { get: leads("To /api/export.csv, as v2.2 had it") },
  "/history/{name}": { get: leads("To the dashboard with this stream opened, as v2.2 had it") },
  "/settings": { get: leads("To the dashboard's page of settings, as v2.2 had it") },
};
