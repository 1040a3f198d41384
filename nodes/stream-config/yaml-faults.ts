import type { YAMLError } from "yaml";

type ErrorCode = YAMLError["code"];

const QUOTES = "put quotes around a value that holds special characters";

/**
 * What is wrong with a YAML text, by the parser's code. The parser's own sentences quote the text, which may be a
 * password, and speak to programmers.
 */
const WORDS: Record<ErrorCode, string> = {
  ALIAS_PROPS: `a value that begins with * must stand alone: ${QUOTES}`,
  BAD_ALIAS: `this is not a name that YAML allows after * or &: ${QUOTES}`,
  BAD_COLLECTION_TYPE: "this value is not of the kind that its tag (!…) says: remove the tag",
  BAD_DIRECTIVE: "a line that begins with % is an instruction to YAML and this one is not known: remove it",
  BAD_DQ_ESCAPE: 'inside "…" a backslash must be doubled (\\\\), or use single quotes instead',
  BAD_INDENT: "the indentation does not fit the lines above: begin keys of one group in the same column",
  BAD_PROP_ORDER: "an anchor (&…) or tag (!…) stands in the wrong place: remove it",
  BAD_SCALAR_START: "a value must not begin with @, `, % or similar: put quotes around it",
  BLOCK_AS_IMPLICIT_KEY: `one line holds more than one "key: value", or the next line is indented too far: ${QUOTES}`,
  BLOCK_IN_FLOW: "inside […] and {…} entries are separated by commas, not by lines: rewrite this part",
  DUPLICATE_KEY: "this key stands here twice: delete one of them",
  IMPOSSIBLE: "this cannot be read: compare it with the lines above",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters: a quote or a line break is missing",
  MISSING_CHAR: 'something is missing before this place: a ":" after a key, or a closing quote or bracket',
  MULTILINE_IMPLICIT_KEY:
    'a key must stand on one line and end with ":"; perhaps the line is indented too far or the ":" is missing',
  MULTIPLE_ANCHORS: "a value can have only one anchor (&…): remove the other",
  MULTIPLE_DOCS: 'the file holds a second document: remove the line "---"',
  MULTIPLE_TAGS: "a value can have only one tag (!…): remove the other",
  NON_STRING_KEY: "a key must be plain text",
  RESOURCE_EXHAUSTION: "the values are nested too deeply: use at most a few levels",
  TAB_AS_INDENT: "a tab is used for indentation: YAML wants spaces, so replace the tab by spaces",
  TAG_RESOLVE_FAILED:
    "a value that begins with ! has a tag which is not known here: put quotes around the value if the ! belongs to it",
  UNEXPECTED_TOKEN: `there is text here that does not belong to the value before it: ${QUOTES}`,
};

/** @param before the text of the error's line up to the error: a tab hides behind several codes */
export function yamlFault(code: ErrorCode, before: string): string {
  const refused = code !== "TAG_RESOLVE_FAILED" && /^[ ]*\t/.test(before);
  return refused ? WORDS.TAB_AS_INDENT : WORDS[code];
}
