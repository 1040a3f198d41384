import type { ServerResponse } from "node:http";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { productSettings, type AnyMessage } from "../../common/node-red";
import { lookUp, refusalAnswer } from "./answer-lookup";
import { answerQuery, failure, type Answer, type Question } from "./answer-query";
import { missingStore, type DatabaseNode } from "./database-node";
import { sendPieces } from "./send-pieces";
import type { Store } from "./store";

interface StatusQueryDef extends NodeDef {
  /** The id of a status-database. */
  database?: string;
  /** One of QUERIES, or `msg`: msg.query says it. */
  query?: string;
}

/** What an `http in` node leaves in a message, as far as a query needs it. */
interface Request {
  params?: { name?: unknown };
  query?: unknown;
  headers?: Record<string, unknown>;
}

const NOT_GUARDED =
  "Backups are given to nobody here, because nothing asks for a password: set httpNodeAuth in Node-RED's settings.";
const NO_RESPONSE = "This answer is streamed: it needs the message of an http in node.";

export = function (RED: NodeAPI): void {
  const isGuarded = () => productSettings(RED).product === true || RED.settings.httpNodeAuth !== undefined;

  /** @returns undefined when the answer was streamed */
  async function answer(store: Store, question: Question, message: AnyMessage): Promise<Answer | undefined> {
    if (question.query === "backup" && !isGuarded()) return failure(403, "not_guarded", NOT_GUARDED);
    const found = await lookUp(store, question);
    if (!("pieces" in found)) return found;
    const response = (message.res as { _res?: ServerResponse } | undefined)?._res;
    if (!response) return failure(400, "no_response", NO_RESPONSE);
    try {
      await sendPieces(response, found);
      return undefined;
    } catch (error) {
      return refusalAnswer(error);
    }
  }

  function StatusQuery(this: Node, definition: StatusQueryDef): void {
    RED.nodes.createNode(this, definition);
    const database = RED.nodes.getNode(definition.database ?? "") as DatabaseNode | null;
    const store = database?.store;
    const missing = missingStore(database);
    this.status(store ? {} : missing.status);

    this.on("input", (message, send, done) => {
      const finish = (found: Answer | undefined) => {
        if (found) send(Object.assign(message, found));
        done();
      };
      if (!store) {
        const { code, fault = "No database is chosen in this status-query node." } = missing;
        return finish(failure(503, code, fault));
      }
      // right after a start or a deploy nothing is known yet, and an empty answer would look as if all streams were gone
      store.whenRead(() => {
        const question = questionOf(message, definition.query);
        const known = answerQuery(store.live, question);
        if (known) return finish(known);
        answer(store, question, message).then(finish, done);
      });
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
    parameters: request?.query ?? message.parameters,
    ifNoneMatch: request?.headers?.["if-none-match"],
  };
}
