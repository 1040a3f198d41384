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

/** By path as OpenAPI writes it, and by method. */
export type Operations = Record<string, Partial<Record<Method, Operation>>>;

export const STREAM = { stream: { text: "Only this stream." } };
