import type { WidgetSocket } from "../../shared/widget-socket";
import { PART_CHARACTERS } from "../settings-protocol";

/** Asks as WidgetSocket does; what is too large for one message goes in parts. One such request at a time. */
export async function requestLarge<Answer>(
  socket: WidgetSocket,
  ask: string,
  data: unknown,
  timeoutMs?: number,
): Promise<Answer> {
  const text = JSON.stringify(data);
  if (text.length <= PART_CHARACTERS) return socket.request<Answer>(ask, data, timeoutMs);
  let from = 0;
  while (from < text.length) {
    let to = Math.min(from + PART_CHARACTERS, text.length);
    // half of a character outside of the basic plane would not arrive
    if (/[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to--;
    await socket.request("part", { first: from === 0, text: text.slice(from, to) });
    from = to;
  }
  return socket.request<Answer>("whole", { ask }, timeoutMs);
}
