import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { REASONS } from "../../contracts/reasons";
import { answer, type Headers } from "../http/answers";
import type { Texts } from "./pages/texts";

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

export interface PageHead {
  /** BCP 47. */
  language: string;
  title: string;
}

/** A wave between two stretches of calm, as the dashboard has it. */
const MARK =
  '<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path d="M2 12h4l3-8 5 16 3-8h5" fill="none" stroke="currentColor" stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round"/></svg>';
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath d='M2 12h4l3-8 5 16 3-8h5' fill='none' stroke='%232fae74' stroke-width='2.6' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

export function answerPage(
  response: ServerResponse,
  status: number,
  { language, title }: PageHead,
  body: (nonce: string) => string,
  headers: Headers = {},
): void {
  const nonce = randomBytes(16).toString("base64");
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · StreamPulse</title>
<link rel="icon" href="${ICON}">
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
    Vary: "Accept-Language",
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
  value?: string;
  hint?: string;
  error?: string;
  focus?: boolean;
}

function field({ name, label, type, autocomplete, value, hint, error, focus }: Field): string {
  const described = [error && `${name}-error`, hint && `${name}-hint`].filter(Boolean).join(" ");
  const attributes = [
    `id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" required maxlength="200"`,
    type === "text" ? 'autocapitalize="characters" spellcheck="false"' : "",
    value ? `value="${escapeHtml(value)}"` : "",
    described ? `aria-describedby="${described}"` : "",
    error ? 'aria-invalid="true"' : "",
    focus ? "autofocus" : "",
  ];
  return `<div class="field">
<label for="${name}">${escapeHtml(label)}</label>
<input ${attributes.filter(Boolean).join(" ")}>
${error ? `<p class="error" id="${name}-error" role="alert">${escapeHtml(error)}</p>` : ""}
${hint ? `<p class="hint" id="${name}-hint">${escapeHtml(hint)}</p>` : ""}
</div>`;
}

/** One card with one form, in the middle of the page. */
function formPage(action: string, title: string, content: string): () => string {
  return () => `<main class="narrow">
<p class="brand">${MARK}<span>StreamPulse</span></p>
<form class="card" method="post" action="${action}">
<h1>${escapeHtml(title)}</h1>
${content}
</form></main>`;
}

/** Password managers want to know whose password it is; a person has only one choice. */
const USERNAME = `<input type="text" name="username" value="admin" autocomplete="username" readonly hidden>`;

/** @param next where to go after login, as a checked path of this listener */
export function loginPage({ say }: Texts, next: string, error?: string): () => string {
  const content = `${USERNAME}
<input type="hidden" name="next" value="${escapeHtml(next)}">
${field({ name: "password", label: say("signIn.password"), type: "password", autocomplete: "current-password", error, focus: true })}
<button type="submit">${escapeHtml(say("signIn.submit"))}</button>
<p class="hint foot">${escapeHtml(say("signIn.forgotten"))}</p>`;
  return formPage("/login", say("signIn.title"), content);
}

/** @param code what was typed before */
export function setUpPage(
  { say }: Texts,
  errors: { code?: string; password?: string } = {},
  code?: string,
): () => string {
  const isPassword = errors.password !== undefined;
  const content = `<p class="soft">${escapeHtml(say("setUp.intro"))}</p>
${USERNAME}
${field({ name: "code", label: say("setUp.code"), type: "text", autocomplete: "one-time-code", value: code, hint: say("setUp.codeHint"), error: errors.code, focus: !isPassword })}
${field({ name: "password", label: say("setUp.password"), type: "password", autocomplete: "new-password", hint: say("setUp.passwordHint"), error: errors.password, focus: isPassword })}
${field({ name: "repeated", label: say("setUp.repeated"), type: "password", autocomplete: "new-password" })}
<button type="submit">${escapeHtml(say("setUp.submit"))}</button>`;
  return formPage("/setup", say("setUp.title"), content);
}

export function signOutPage({ say }: Texts): () => string {
  const content = `<p class="soft">${escapeHtml(say("signOut.intro"))}</p>
<div class="buttons">
<button type="submit" autofocus>${escapeHtml(say("signOut.submit"))}</button>
<a class="button" href="/">${escapeHtml(say("signOut.back"))}</a>
</div>`;
  return formPage("/logout", say("signOut.title"), content);
}
