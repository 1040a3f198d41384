import { z } from "zod";
import { IMPORT_FORMATS } from "../../contracts/edits";
import { SERVICES } from "../../contracts/settings";
import { SESSION_COOKIE } from "../auth/requests";
import type { Answer, Operation } from "./operation";
import { OPERATIONS } from "./operations";
import { SCHEMAS } from "./schemas";

const TAGS = {
  Status: "What the streams are now. Open to read on port 7000 unless STREAMPULSE_API_TOKEN is set.",
  History: "What the streams were.",
  Configuration: "What stands in config.yaml, and changes of it. On port 8000 only.",
  Pictures: "What the streams show. On port 8000 only.",
  Account: "Who may do all this. On port 8000 only.",
  Pages: "For browsers.",
};

const SECURITY: Record<Operation["access"], object[]> = {
  open: [{}],
  // without anything it is open on the API's port only
  public: [{}, { token: [] }, { session: [] }],
  account: [{ token: [] }, { session: [] }],
  session: [{ session: [] }],
};

const PARAMETERS: Record<string, object> = {
  name: { type: "string", description: "A / in the name as %2F." },
  service: { enum: SERVICES },
  do: { enum: ["stop", "start", "restart"] },
  id: { type: "string" },
};

/** OpenAPI 3.1 of everything that the two public ports answer. */
export function openApi(version: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "StreamPulse",
      version,
      description:
        "Streams that are watched, their history, and the configuration. Errors are `{error: {code, message}}`. A request that changes something needs a session whose page is of this address (Origin), or a token that may write.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "This port: everything, after login or with a token." }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: Object.fromEntries(
      Object.entries(OPERATIONS).map(([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([method, operation]) => [method, describe(path, method, operation)]),
        ),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(
        Object.entries(SCHEMAS).map(([name, schema]) => [name, jsonSchema(schema)]),
      ),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "Made after login, in Account." },
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE },
      },
    },
  };
}

function describe(path: string, method: string, operation: Operation): object {
  const { summary, tag, access, answers, body, textBody } = operation;
  const content = {
    "application/json": { schema: schemaOf(body) },
    ...(textBody ? { "text/plain": { schema: { type: "string" } } } : {}),
  };
  return {
    operationId: operationId(method, path),
    summary,
    tags: [tag],
    security: SECURITY[access],
    parameters: parametersOf(path, operation),
    ...(body ? { requestBody: { required: true, content } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, response(answer, Number(status))]),
      ),
      ...(access === "open" ? {} : { default: response({ text: "Refused.", json: "Error" }, 400) }),
    },
  };
}

function parametersOf(path: string, { query = {}, conditional }: Operation): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: PARAMETERS[name] ?? { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, { text, schema }]) => ({
    name,
    in: "query",
    description: text,
    schema: name === "format" ? { enum: IMPORT_FORMATS } : (schema ?? { type: "string" }),
  }));
  const description = "The revision that was read (`ETag` of GET /api/settings). Another one by now: 409.";
  const header = { name: "If-Match", in: "header", description, schema: { type: "string" } };
  return [...inPath, ...inQuery, ...(conditional ? [header] : [])];
}

function response({ text, json, type }: Answer, status: number): object {
  const body = json ?? (status >= 400 && type === undefined ? "Error" : undefined);
  if (body !== undefined) {
    return { description: text, content: { "application/json": { schema: schemaOf(body) } } };
  }
  return type === undefined ? { description: text } : { description: text, content: { [type]: {} } };
}

function schemaOf(schema: Answer["json"]): object {
  if (typeof schema === "string") return { $ref: `#/components/schemas/${schema}` };
  if (schema !== undefined && "listOf" in schema) {
    return { type: "array", items: { $ref: `#/components/schemas/${String(schema.listOf)}` } };
  }
  return schema ?? {};
}

function operationId(method: string, path: string): string {
  const words = path.match(/\w+/g) ?? ["root"];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}
