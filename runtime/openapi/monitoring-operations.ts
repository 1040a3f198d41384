import { STREAM, type Operations } from "./operation";

const TIME = "Epoch milliseconds, or ISO 8601 in the configured time zone where it names no offset.";
const RANGE = { from: { text: `Inclusive. ${TIME}` }, to: { text: `Exclusive. ${TIME}` } };

/** What the streams are, were and show. */
export const MONITORING: Operations = {
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
  },
  "/api/streams/{name}": {
    get: {
      summary: "One stream",
      access: "public",
      tag: "Status",
      answers: { 200: { text: "As in the list.", json: "StreamStatus" }, 404: { text: "There is none." } },
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
  "/snapshot/{name}.jpg": {
    get: {
      summary: "One picture of a stream",
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
};
