import { z } from "zod";
import { SERVICES } from "../../contracts/settings";
import { WidgetError } from "../node/widget-error";
import type { Handler } from "../node/widget-port";
import type { Board } from "./board";
import type { Requests } from "./board-protocol";

const MOST_VISIBLE = 1000;
const MOST_BARS = 200;

const key = z.number().int();
const visible = z.array(key).max(MOST_VISIBLE);
const time = z.number().int().min(0);
const range = { from: time.optional(), to: time.optional() };

/** What each request must carry. */
const schemas = {
  open: z.object({ visible }),
  see: z.object({ visible }),
  close: z.null(),
  alive: z.null(),
  bars: z.object({ keys: z.array(key).max(MOST_BARS) }),
  stream: z.object({ key }),
  history: z.object({
    ...{ key, ...range },
    limit: z.number().int().min(1).max(10_000).optional(),
    bucket: z.string().max(12).optional(),
  }),
  incidents: z.object({
    ...{ key, ...range },
    limit: z.number().int().min(1).max(1000).optional(),
    before: z.string().max(40).optional(),
  }),
  check: z.object({ key, deep: z.boolean() }),
  enable: z.object({ key, enabled: z.boolean() }),
  delete: z.object({ key, keepHistory: z.boolean() }),
  start: z.object({ service: z.enum(SERVICES) }),
} satisfies { [Name in keyof Requests]: z.ZodType<Requests[Name]> };

/** What a page may ask the board. */
export function boardHandlers(board: Board): Record<keyof Requests, Handler> {
  const handler =
    <Schema extends z.ZodType>(
      schema: Schema,
      handle: (data: z.output<Schema>, socket: Parameters<Handler>[1]) => unknown,
    ): Handler =>
    (data, socket) => {
      const parsed = schema.safeParse(data);
      if (!parsed.success)
        throw new WidgetError("bad_request", "The page is older than the server: load it again.");
      return handle(parsed.data, socket);
    };
  return {
    open: handler(schemas.open, ({ visible }, socket) => board.open(socket, visible)),
    see: handler(schemas.see, ({ visible }, socket) => board.viewers.see(socket, visible)),
    close: handler(schemas.close, (_, socket) => board.viewers.close(socket)),
    alive: handler(schemas.alive, (_, socket) => ({ known: board.viewers.alive(socket) })),
    bars: handler(schemas.bars, ({ keys }) => board.bars.bars(keys)),
    stream: handler(schemas.stream, ({ key }) => board.mirror.get(key) ?? board.nameOf(key)),
    history: handler(schemas.history, ({ key, ...parameters }) =>
      board.query("history", parameters, board.nameOf(key)),
    ),
    incidents: handler(schemas.incidents, ({ key, ...parameters }) =>
      board.query("incidents", { ...parameters, stream: board.nameOf(key) }),
    ),
    check: handler(schemas.check, ({ key, deep }) => board.check(key, deep)),
    enable: handler(schemas.enable, ({ key, enabled }) =>
      board.edit({ action: "change-stream", name: board.nameOf(key), stream: { enabled } }),
    ),
    delete: handler(schemas.delete, ({ key, keepHistory }) =>
      board.edit({ action: "delete-streams", names: [board.nameOf(key)], keep_history: keepHistory }),
    ),
    start: handler(schemas.start, ({ service }) => board.edit({ action: "service", service, do: "start" })),
  };
}
