import assert from "node:assert/strict";
import { parseConfig, type ParsedConfig } from "../../nodes/stream-config/parse-config";
import { formatProblem, formatProblems } from "../../nodes/stream-config/problem";

/** The configuration of a text that is not refused, and its problems as people see them. */
export function parsed(
  text: string,
  env: Record<string, string> = {},
): Omit<ParsedConfig, "problems"> & { problems: string[] } {
  const result = parseConfig(text, env);
  assert.ok(!("fatal" in result), "fatal" in result ? result.fatal.message : "");
  return { ...result, problems: formatProblems("config.yaml", result.problems, result.hiddenProblems) };
}

/** Why a text is refused. */
export function refusal(text: string): string {
  const result = parseConfig(text, {});
  assert.ok("fatal" in result, "the text was not refused");
  return formatProblem("config.yaml", result.fatal);
}
