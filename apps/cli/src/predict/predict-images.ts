import { emojiImages, isEmojiName } from '@promptweave/datasets';
import { answersOf, type Answer, type AnswerOptions } from '../library/answers.js';
import { imageItem } from '../library/image-input.js';
import type { Model } from '../library/model.js';

/** What an image most probably shows. */
export interface Prediction {
  /** The file as it was named, or an emoji's drawing: `emoji/openmoji/dog-face`. */
  readonly image: string;
  readonly answers: readonly Answer[];
}

/**
 * @param files image files and addresses; a name between colons, `:dog:`, stands for this emoji's drawings in held-out styles
 * @throws DatasetError naming a file that cannot be read
 */
export async function predictImages(
  model: Model,
  files: readonly string[],
  options: AnswerOptions & { readonly signal?: AbortSignal },
): Promise<Prediction[]> {
  const items = files.flatMap((file, i) =>
    isEmojiName(file) ? emojiImages(file, model.imageSize) : [imageItem(file, i)],
  );
  const predictions: Prediction[] = [];
  for await (const outcome of model.examine(items, options)) {
    if ('error' in outcome) throw outcome.error;
    predictions.push({ image: outcome.item.id, answers: answersOf(model.classes, outcome, options) });
  }
  return predictions;
}
