import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { allRoutes, routeOf } from "../../runtime/http/routes";
import { openApi } from "../../runtime/openapi";
import { OPERATIONS } from "../../runtime/openapi/operations";
import { projectRoot } from "../support/fixtures";

const METHODS = ["get", "post", "put", "delete"] as const;

const schemaObject = z.union([z.object({ $ref: z.string() }), z.record(z.string(), z.unknown())]);
const contentSchema = z.record(
  z.string().regex(/^[\w.+-]+\/[\w.+-]+$/),
  z.strictObject({ schema: schemaObject.optional() }),
);
/** As much of OpenAPI 3.1 as is used, and nothing else. */
const operationSchema = z.strictObject({
  operationId: z.string().regex(/^\w+$/),
  summary: z.string().min(1),
  tags: z.array(z.string()).length(1),
  security: z.array(z.record(z.string(), z.array(z.never()))),
  parameters: z.array(
    z.strictObject({
      name: z.string(),
      in: z.enum(["path", "query", "header"]),
      required: z.boolean().optional(),
      description: z.string().optional(),
      schema: schemaObject,
    }),
  ),
  requestBody: z.strictObject({ required: z.boolean(), content: contentSchema }).optional(),
  responses: z.record(
    z.string().regex(/^(?:[1-5]\d\d|default)$/),
    z.strictObject({ description: z.string().min(1), content: contentSchema.optional() }),
  ),
});
const documentSchema = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.strictObject({
    title: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string(), description: z.string() })),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  paths: z.record(z.string().startsWith("/"), z.partialRecord(z.enum(METHODS), operationSchema)),
  components: z.strictObject({
    schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
    securitySchemes: z.record(z.string(), z.record(z.string(), z.unknown())),
  }),
});

const document = documentSchema.parse(JSON.parse(JSON.stringify(openApi("1.2.3"))));
const documented = new Set(
  Object.entries(document.paths).flatMap(([place, methods]) =>
    Object.keys(methods).map((method) => `${method} ${place}`),
  ),
);
/** `/api/streams/:name` as OpenAPI writes it. */
const inBraces = (place: string) => place.replace(/:(\w+)/g, "{$1}");

interface FlowNode {
  type: string;
  method?: string;
  url?: string;
}
const flow = JSON.parse(
  readFileSync(path.join(projectRoot, "flows", "streampulse.json"), "utf8"),
) as FlowNode[];
const httpIns = flow
  .filter(({ type }) => type === "http in")
  .map(({ method = "", url = "" }) => `${method} ${inBraces(url)}`);

describe("openapi.json", () => {
  it("names each operation, tag, parameter and schema once, and nothing that is not there", () => {
    const operations = Object.entries(document.paths).flatMap(([place, methods]) =>
      Object.values(methods).map((operation) => ({ place, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.deepEqual([...new Set(ids)], ids);
    const tags = document.tags.map(({ name }) => name);
    for (const { place, operation } of operations) {
      assert.ok(tags.includes(operation.tags[0] ?? ""), place);
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
      assert.deepEqual(
        inPath.map(({ name }) => `{${name}}`),
        place.match(/\{\w+\}/g) ?? [],
        place,
      );
      assert.ok(inPath.every(({ required }) => required));
      assert.ok(
        Object.keys(operation.responses).some((status) => /^[23]/.test(status)),
        place,
      );
      for (const name of operation.security.flatMap((scheme) => Object.keys(scheme))) {
        assert.ok(name in document.components.securitySchemes, name);
      }
    }
    const refs = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    const used = new Set(refs.map((ref) => /"#\/components\/schemas\/(\w+)"$/.exec(ref)?.[1]));
    for (const name of used) assert.ok(name !== undefined && name in document.components.schemas, name);
    assert.deepEqual([...used].sort(), Object.keys(document.components.schemas).sort());
  });

  it("has only schemas that can be read", () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      assert.ok(z.fromJSONSchema(schema) instanceof z.ZodType, name);
    }
    const stream = z.fromJSONSchema(document.components.schemas.Stream ?? {});
    assert.equal(stream.safeParse({ name: "a", url: "rtsp://h/1", heartbeat_seconds: 30 }).success, true);
    assert.equal(stream.safeParse({ name: "a", url: "rtsp://h/1", heartbeat_seconds: 1 }).success, false);
    assert.equal(stream.safeParse({ url: "rtsp://h/1" }).success, false);
  });

  it("has every route of the default flow", () => {
    assert.ok(httpIns.length > 15);
    assert.deepEqual(
      httpIns.filter((route) => !documented.has(route)),
      [],
    );
  });

  it("has every path that the two ports know, with its methods", () => {
    // files of the dashboard, its socket, and flows of the user's own
    const others = /\*$|^\/api\/:any|socket\.io|^\/resources/;
    for (const listener of ["api", "gui"] as const) {
      for (const { path: place, route } of allRoutes(listener)) {
        if (others.test(place)) continue;
        for (const method of route.methods.filter((name) => name !== "HEAD")) {
          assert.ok(
            documented.has(`${method.toLowerCase()} ${inBraces(place)}`),
            `${listener}: ${method} ${place}`,
          );
        }
      }
    }
  });

  it("promises nothing that the ports refuse, or that nobody answers, and says who may", () => {
    for (const [place, methods] of Object.entries(OPERATIONS)) {
      const segments = place
        .slice(1)
        .replace(/\{\w+\}/g, "x")
        .split("/");
      for (const [method, { access }] of Object.entries(methods)) {
        const gui = routeOf("gui", segments);
        assert.ok(gui && gui.methods.includes(method.toUpperCase()), `${method} ${place}`);
        const api = routeOf("api", segments);
        const isRead = method === "get";
        assert.equal(gui.access === "open", access === "open", `${method} ${place}`);
        assert.equal(isRead && api?.access === "public", access === "public", `${method} ${place}`);
        const isAnswered = gui.to === "own" || httpIns.includes(`${method} ${place}`);
        assert.ok(isAnswered || /^\/dashboard/.test(place), `${method} ${place}`);
      }
    }
  });
});
