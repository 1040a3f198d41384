import type { z } from "zod";

/** The first fault that zod found, as "payload.3.url: must begin with …", for one clear line to a person. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (!issue) return "is not valid";
  const place = issue.path.map(String).join(".");
  return place === "" ? issue.message : `${place}: ${issue.message}`;
}
