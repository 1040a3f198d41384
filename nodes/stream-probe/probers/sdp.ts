/** The little of a session description (RFC 8866) that a handshake needs: which media it announces. */
export interface SessionDescription {
  /** The kinds of the `m=` lines in their order: "video", "audio", "application". */
  media: string[];
}

/** @returns undefined when the text is no session description */
export function parseSdp(text: string): SessionDescription | undefined {
  if (!/^v=\d/m.test(text)) return undefined;
  const media = [...text.matchAll(/^m=([a-z]+) /gim)].map((match) => (match[1] as string).toLowerCase());
  return { media };
}
