import type { Examined } from './examine.js';

/** What an image shows with some probability. */
export interface Answer {
  /** Name of the class. */
  readonly label: string;
  /** From 0 to 1; over all classes they sum to 1. */
  readonly probability: number;
  /** Before the softmax: logitScale · cosine, or what the run's head makes of it. */
  readonly logit: number;
  /** Cosine of the image and the class's text as CLIP compares them, whatever the run's head makes of it; there if it was asked for. */
  readonly similarity?: number;
}

/** Scores of an answer. */
export type Score = 'probability' | 'similarity' | 'logit';

/** Which answers are given. */
export interface AnswerOptions {
  /** So many classes, the best first. Default: all. */
  readonly top?: number;
  /** Nothing is answered where the best score is below this. */
  readonly threshold?: number;
  /** The score that orders the answers and is compared with the threshold. Default: probability. */
  readonly score?: Score;
}

/** The classes that an image shows, the best first; none where the best is below the threshold. */
export function answersOf(
  classNames: readonly string[],
  { logits, similarities }: Pick<Examined, 'logits' | 'similarities'>,
  { top = classNames.length, threshold = -Infinity, score = 'probability' }: AnswerOptions = {},
): Answer[] {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  const answers = classNames.map((label, c): Answer => {
    const known = { label, probability: exponentials[c]! / sum, logit: logits[c]! };
    return similarities ? { ...known, similarity: similarities[c]! } : known;
  });
  // Logits order as probabilities do, also where these are rounded to 0.
  const order = score === 'similarity' ? 'similarity' : 'logit';
  answers.sort((a, b) => b[order]! - a[order]!);
  return (answers[0]?.[score] ?? -Infinity) < threshold ? [] : answers.slice(0, top);
}
