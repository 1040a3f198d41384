import type { Answer, Operation, Operations } from "./operation";

const page = (text: string): Answer => ({ text, type: "text/html" });
const leads = (text: string): Operation => ({
  summary: text,
  access: "account",
  tag: "Pages",
  answers: { 303: { text } },
});

/** Who may do all this, and pages for browsers. */
export const ACCOUNT: Operations = {
  "/api/openapi.json": {
    get: {
      summary: "This description",
      access: "account",
      tag: "Account",
      answers: { 200: { text: "OpenAPI 3.1.", json: { type: "object" } } },
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
