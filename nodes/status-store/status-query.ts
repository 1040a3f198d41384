import type { Node, NodeAPI, NodeDef } from "node-red";
import type { AnyMessage } from "../../common/node-red";
import { answerQuery, failure, type Answer, type Question } from "./answer-query";
import type { Store } from "./store";

interface StatusQueryDef extends NodeDef {
  /** The id of a status-database. */
  database?: string;
  /** status, streams, stream, or `msg`: msg.query says it. */
  query?: string;
}

/** What an `http in` node leaves in a message, as far as a query needs it. */
interface Request {
  params?: { name?: unknown };
  headers?: Record<string, unknown>;
}

export = function (RED: NodeAPI): void {
  function StatusQuery(this: Node, definition: StatusQueryDef): void {
    RED.nodes.createNode(this, definition);
    const store = (RED.nodes.getNode(definition.database ?? "") as { store?: Store } | null)?.store;
    this.status(store ? {} : { fill: "red", shape: "ring", text: "no database chosen" });

    this.on("input", (message, send, done) => {
      const answer = (found: Answer) => {
        send(Object.assign(message, found));
        done();
      };
      if (!store)
        return answer(failure(503, "no_database", "No database is chosen in this status-query node."));
      // right after a start or a deploy nothing is known yet, and an empty answer would look as if all streams were gone
      store.whenRead(() => answer(answerQuery(store.live, questionOf(message, definition.query))));
    });
  }

  RED.nodes.registerType("status-query", StatusQuery);
};

function questionOf(message: AnyMessage, query = "status"): Question {
  const request = message.req as Request | undefined;
  const { payload } = message;
  return {
    query: query === "msg" ? message.query : query,
    name: request?.params?.name ?? message.stream ?? (typeof payload === "string" ? payload : undefined),
    ifNoneMatch: request?.headers?.["if-none-match"],
  };
}
