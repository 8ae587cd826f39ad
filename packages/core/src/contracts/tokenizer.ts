/** Turns text into the token ids of one backbone, and back. */
export interface Tokenizer {
  /** Id of the start-of-text token; absent where texts begin without one. */
  readonly startId?: number;
  /** Id of the end-of-text token. */
  readonly endId: number;
  /** Id that fills a text up to the context length after its end. Default 0. */
  readonly padId?: number;
  /** Number of ids. Absent where start and end of text are the last two. */
  readonly vocabularySize?: number;
  /**
   * Ids of the text alone: no start, no end, no padding. A text may have any length; whoever assembles a prompt compares
   * it with the backbone's context length. A space at the beginning says that the text goes on after another word, which is the
   * same to CLIP's tokenizer and not to those that mark the beginning of a word.
   */
  encode(text: string): number[];
  /** The text of the ids, cleaned and in lower case; every word is followed by a space, as in the original. */
  decode(ids: readonly number[]): string;
}
