import { z } from "zod";

const words = "must be a whole number from 1 to 32";

/** What stands in the forms of Node-RED's editor alone, and in no config.yaml. */
export const previewFormSchema = z.object({
  /** How many streams are looked at at once. */
  most_at_once: z.number(words).int(words).min(1, words).max(32, words).default(4),
});
