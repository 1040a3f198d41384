import "./editor.css";
import { topicFault } from "../common/mqtt-topic-fault";
import { urlCredentials } from "../common/form-streams";
import { brokerPorts, checked, number, prepare, shortText } from "./fields";
import { StreamList, streamListFault } from "./stream-list";
import { offerTestOf } from "./url-test";

/** What the nodes' forms (nodes/x/x.html) use: they load this file before their own script, each of them. */
const StreamPulse = {
  number,
  shortText,
  checked,
  brokerPorts,
  prepare,
  topicFault,
  urlCredentials,
  StreamList,
  streamListFault,
  offerTestOf,
};

declare global {
  interface Window {
    StreamPulse?: typeof StreamPulse;
  }
}

window.StreamPulse ??= StreamPulse;
