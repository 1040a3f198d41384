/** One picture of a stream. */
export interface Picture {
  /** A whole JPEG. Shared by all who get it: not to be written to. */
  jpeg: Buffer;
  /** When it came, on the clock that never jumps. */
  at: number;
}

/** People come first; pictures that a page asks for on its own take what they leave. */
export type Purpose = "preview" | "snapshot";
