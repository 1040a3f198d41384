import { asSentence, urlFault } from "../common/field-check";
import type { Check } from "../contracts/check";
import { tellBelow, verdict } from "./fields";
import type { FailedRequest } from "./node-red-editor";
import { reasonTexts, text } from "./texts";

/** What is to be tried: a stream as somebody typed it, and which of a deployed node's credentials holds its secrets. */
export interface TestRequest {
  stream: { name: string; url: string };
  node?: string;
  slot?: number;
}

/** What is shown of a test: a state, and lines of text. */
interface Shown {
  state: Check["state"] | "running" | "refused";
  heading?: string;
  lines: string[];
}

/** The server gives up sooner. */
const TIMEOUT_MS = 70_000;

/**
 * Makes a button try a URL, once, and shows what came of it.
 * @param request what to try; undefined when what stands in the form cannot be tried
 */
export function offerTest(
  button: HTMLButtonElement,
  place: HTMLElement,
  request: () => TestRequest | undefined,
): void {
  place.setAttribute("aria-live", "polite");
  button.textContent = text("test.action");
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const asked = button.disabled ? undefined : request();
    if (!asked) return;
    button.disabled = true;
    show(place, { state: "running", lines: [text("test.running")] });
    void outcomeOf(asked).then((shown) => {
      button.disabled = false;
      show(place, shown);
    });
  });
}

/** A field of its own for a URL that is tried and not kept. */
export function offerTestOf(input: HTMLInputElement, button: HTMLButtonElement, place: HTMLElement): void {
  const check = (url: string) => (url.trim() === "" ? true : verdict(urlFault(url.trim())));
  const look = tellBelow(input, check, button);
  input.addEventListener("input", () => forgetTest(place));
  offerTest(button, place, () => {
    look();
    const url = input.value.trim();
    return urlFault(url) ? undefined : { stream: { name: text("test.name"), url } };
  });
}

/** Takes away what was said of another URL. */
export function forgetTest(place: HTMLElement): void {
  place.className = "";
  place.replaceChildren();
}

function outcomeOf(request: TestRequest): Promise<Shown> {
  if (request.stream.url.includes("${")) {
    return Promise.resolve({ state: "refused", lines: [text("test.environment")] });
  }
  return new Promise((resolve) => {
    $.ajax({
      url: "stream-probe/test",
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify(request),
      timeout: TIMEOUT_MS,
    })
      .done((check) => resolve(verdictOf(check as Check)))
      .fail((failed) => resolve({ state: "refused", lines: [failureOf(failed)] }));
  });
}

/** State and reason, what to do, and what was seen. */
export function verdictOf({ state, reason, message, latencyMs, media = {} }: Check): Shown {
  const { what, advice } = reasonTexts(reason);
  const { codec, width, height, fps, audioCodec } = media;
  const picture = [
    codec?.toUpperCase(),
    width && height ? `${width}×${height}` : undefined,
    fps ? `${fps} fps` : undefined,
    audioCodec ? text("test.audio", { codec: audioCodec }) : undefined,
  ].filter((part) => part !== undefined);
  const lines = [asSentence(what), advice];
  if (latencyMs !== null) lines.push(`${text("test.latency")}: ${Math.round(latencyMs)} ms`);
  if (picture.length > 0) lines.push(`${text("test.picture")}: ${picture.join(" · ")}`);
  lines.push(`${text("test.message")}: ${message}`);
  return { state, heading: text(`test.state.${state}`), lines: lines.filter((line) => line !== "") };
}

function failureOf({ status, statusText, responseJSON }: FailedRequest): string {
  const { error } = (responseJSON ?? {}) as { error?: { message?: unknown } };
  if (typeof error?.message === "string") return asSentence(error.message.replace(/^url: /, ""));
  return status > 0 ? `HTTP ${status}` : statusText;
}

/** Everything is text: a camera has written some of it. */
function show(place: HTMLElement, { state, heading, lines }: Shown): void {
  place.className = `streampulse-verdict streampulse-${state}`;
  const parts = lines.map((line) => element("p", line));
  place.replaceChildren(...(heading === undefined ? [] : [element("strong", heading)]), ...parts);
}

function element(tag: string, content: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}
