/** One value that cannot be saved. */
export interface FieldFault {
  /** Where in the request: `streams.3.url`, `settings.mqtt.port`. */
  field: string;
  message: string;
}

const MOST_FIELDS = 100;

/** An edit that is refused, with everything that the answer says. Nothing is written then. */
export class EditFault extends Error {
  constructor(
    readonly status: 400 | 404 | 409,
    readonly code: string,
    message: string,
    readonly fields: readonly FieldFault[] = [],
  ) {
    super(message);
  }

  /** @param faults at least one */
  static ofFields(faults: readonly FieldFault[]): EditFault {
    const [first] = faults;
    const { field = "", message = "" } = first ?? {};
    const more = faults.length - 1;
    const sentence = more > 0 ? `${field} ${message} (and ${more} more).` : `${field} ${message}.`;
    return new EditFault(400, "invalid", sentence, faults.slice(0, MOST_FIELDS));
  }

  /** `error` of an answer (contracts/edits.ts). */
  get answer() {
    const { code, message, fields } = this;
    return fields.length === 0
      ? { code, message }
      : { code, message, field: fields[0]?.field, fields: [...fields] };
  }
}
