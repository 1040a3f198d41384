import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { REASONS } from "../../contracts/reasons";
import { answer, type Headers } from "../http/answers";

/** The pages that need no dashboard: made on the server, everything escaped, nothing loaded from elsewhere. */

const STYLE = read("style.css");
const STATUS = read("status.html");

function read(name: string): string {
  return readFileSync(path.join(__dirname, "pages", name), "utf8");
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** JSON that cannot end the script element that it stands in. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

export function answerPage(
  response: ServerResponse,
  status: number,
  title: string,
  body: (nonce: string) => string,
  headers: Headers = {},
): void {
  const nonce = randomBytes(16).toString("base64");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · StreamPulse</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
${body(nonce)}
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src data:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  answer(response, status, html, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": policy,
    ...headers,
  });
}

/** @param editor the editor's address as text: it may be reachable from the machine itself only */
export function statusPage(editor: string): (nonce: string) => string {
  return (nonce) =>
    fill(STATUS, { nonce, editor: escapeHtml(editor), reasons: scriptJson(reasonTexts()) }).trim();
}

function reasonTexts(): Record<string, { text: string; advice: string }> {
  return Object.fromEntries(
    Object.entries(REASONS).map(([code, { text, advice }]) => [code, { text, advice }]),
  );
}

function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? "");
}

interface Field {
  name: string;
  label: string;
  type: "text" | "password";
  autocomplete: string;
  hint?: string;
  error?: string;
  focus?: boolean;
}

function field({ name, label, type, autocomplete, hint, error, focus }: Field): string {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ");
  return `<div class="field">
<label for="${name}">${escapeHtml(label)}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required maxlength="200"${
    type === "text" ? ' autocapitalize="characters" spellcheck="false"' : ""
  }${described ? ` aria-describedby="${described}"` : ""}${error ? ' aria-invalid="true"' : ""}${focus ? " autofocus" : ""}>
${hint ? `<p class="hint" id="${name}-hint">${escapeHtml(hint)}</p>` : ""}
${error ? `<p class="error" id="${name}-error" role="alert">${escapeHtml(error)}</p>` : ""}
</div>`;
}

/** Password managers want to know whose password it is; a person has only one choice. */
const USERNAME = `<input type="text" name="username" value="admin" autocomplete="username" readonly hidden>`;

/** @param next where to go after login, as a checked path of this listener */
export function loginPage(next: string, error?: string): () => string {
  return () => `<main class="narrow"><form class="card" method="post" action="/login">
<h2>StreamPulse</h2>
${USERNAME}
<input type="hidden" name="next" value="${escapeHtml(next)}">
${field({ name: "password", label: "Password", type: "password", autocomplete: "current-password", error, focus: true })}
<button type="submit">Sign in</button>
</form></main>`;
}

export function setUpPage(errors: { code?: string; password?: string } = {}): () => string {
  return () => `<main class="narrow"><form class="card" method="post" action="/setup" autocomplete="off">
<h2>Choose a password</h2>
<p class="soft">This StreamPulse is new. Its log shows a one-time code, which proves that it is yours.</p>
${USERNAME}
${field({ name: "code", label: "One-time code", type: "text", autocomplete: "one-time-code", hint: "Twelve letters and digits, such as ABCD-EFGH-JKMN.", error: errors.code, focus: !errors.password })}
${field({ name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: "At least 10 characters. It also opens the editor, with the user name admin.", error: errors.password, focus: Boolean(errors.password) })}
${field({ name: "repeated", label: "New password again", type: "password", autocomplete: "new-password" })}
<button type="submit">Set the password</button>
</form></main>`;
}

export function signOutPage(): string {
  return `<main class="narrow"><form class="card" method="post" action="/logout">
<h2>Sign out?</h2>
<p class="soft">What this browser shows of StreamPulse ends at once.</p>
<button type="submit" autofocus>Sign out</button>
</form></main>`;
}
