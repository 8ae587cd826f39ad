/** Turns text into the token ids of one backbone, and back. */
export interface Tokenizer {
  /** Id of the start-of-text token. */
  readonly startId: number;
  /** Id of the end-of-text token; the largest id, which is how CLIP finds the row to read. */
  readonly endId: number;
  /**
   * Ids of the text alone: no start, no end, no padding. A text may have any length; whoever assembles a prompt compares
   * it with the backbone's context length.
   */
  encode(text: string): number[];
  /** The text of the ids, cleaned and in lower case; every word is followed by a space, as in the original. */
  decode(ids: readonly number[]): string;
}
