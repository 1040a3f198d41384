/** MQTT's own limit is 65,535 bytes; our levels come behind it, and brokers have limits of their own. */
const MOST_BYTES = 1000;

/** @returns what is wrong with `mqtt.topic`, to follow its name; undefined when nothing is */
export function topicFault(topic: string): string | undefined {
  if (topic === "") return "must not be empty: name a topic such as streampulse/status";
  if (/[+#]/.test(topic)) return "must not contain + or #, which are wildcards of subscribers";
  if (topic.startsWith("$")) return "must not begin with $, which belongs to the broker";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(topic) || !topic.isWellFormed())
    return "must not contain control characters";
  // the editor's form asks too, and browsers have no Buffer
  if (new TextEncoder().encode(topic).length > MOST_BYTES)
    return `must not be longer than ${MOST_BYTES} bytes`;
  return undefined;
}
