import { STREAM, type Answer, type Operations } from "./operation";

const saved: Answer = { text: "Saved, and in force.", json: "EditAnswer" };

/** What stands in config.yaml, and changes of it. */
export const CONFIGURATION: Operations = {
  "/api/streams": {
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
};
