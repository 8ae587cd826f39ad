import type { PartChoice } from '@promptweave/core/experiment';
import { compose } from '../composition/compose.js';
import { withoutImages } from '../runs/without-images.js';
import { answeringOf } from './answering.js';
import { Model } from './model.js';
import { requireClasses } from './open-run.js';

/** What tells classes apart without a training. */
export interface OpenClassesOptions {
  /** As in a configuration. Default: the small CLIP that is embedded, which knows drawings alone. */
  readonly backbone?: PartChoice;
  /** Sentence around a class's name, `{}`. Default: "a photo of a {}." */
  readonly template?: string;
  /** Told what a person should know of the backbone, a sentence each. Default: nobody. */
  readonly onNote?: (note: string) => void;
}

/**
 * Tells classes apart by their names alone, as CLIP does without any training (zero-shot).
 * @throws DatasetError where there are fewer than two classes, or the tokenizer cannot tell two of them apart
 *
 * @example const model = await openClasses(['cat', 'dog'], { backbone: { use: 'clip', checkpoint: 'openai/clip-vit-base-patch16' } });
 */
export async function openClasses(classNames: readonly string[], options: OpenClassesOptions = {}): Promise<Model> {
  const nobody = (): void => undefined;
  const { backbone = 'clip', template = 'a photo of a {}.', onNote = nobody } = options;
  requireClasses(classNames);
  const configuration = { backbone, dataset: { use: 'folder', path: '.' }, prompt: { use: 'none', template } };
  const composition = await compose({ configuration, imagesSoon: true, onNote, onSkip: nobody });
  try {
    const { classifier, dispose } = await withoutImages(
      composition,
      { classNames: [...classNames], template },
      'custom',
    );
    const close = async (): Promise<void> => {
      dispose();
      await composition.close();
    };
    return new Model(answeringOf({ classifier, composition, close }));
  } catch (error) {
    await composition.close();
    throw error;
  }
}
