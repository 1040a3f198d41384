import type { Failure } from "../../common/camera/failure";
import { REASONS, type Reason } from "../../contracts/reasons";

/** Why there is no picture: a value that is handed up, and told to whoever asked. */
export class Refusal {
  constructor(
    /** As HTTP knows it: 4xx for the question, 502 and 504 for the camera, 503 for ourselves. */
    readonly statusCode: number,
    readonly code: string,
    /** One sentence or several, without credentials. */
    readonly message: string,
    /** When it makes sense to ask again. */
    readonly retryAfterSeconds?: number,
  ) {}
}

/** What a camera answered instead of a picture. */
export function cameraRefusal({ reason, message }: Failure): Refusal {
  const { text, advice } = REASONS[reason];
  return new Refusal(reason === "timeout" ? 504 : 502, reason, `${text} (${message}). ${advice}`.trim());
}

/** What is known of a stream without asking the camera. */
export function knownRefusal(reason: Reason): Refusal {
  const { text, advice } = REASONS[reason];
  return new Refusal(502, reason, `${text}. ${advice}`.trim());
}

export const ENDED = new Refusal(503, "ended", "The preview was ended: the flow was changed or stopped.");
