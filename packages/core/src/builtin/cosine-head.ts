import { z } from 'zod';
import type { Head, HeadInput, HeadProperties } from '../contracts/head.js';
import { HeadTexts } from '../model/head-texts.js';
import { hasTextBase, oneTextBase, textBaseOptions } from '../model/text-base.js';
import { cosineLogits } from '../model/maths.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** CLIP's own classifier: logits are logitScale · cosine. Nothing is learned. */
export class CosineHead implements Head {
  readonly variables = {};

  /** @param logitScale in place of the backbone's */
  constructor(
    readonly classNames: readonly string[],
    private readonly texts = new HeadTexts(undefined, classNames),
    private readonly logitScale?: number,
  ) {}

  logits(input: HeadInput): HeadInput['cosineLogits'] {
    if (this.logitScale === undefined) return this.texts.cosineLogits(input);
    return cosineLogits(input.images, this.texts.normalised(input), this.logitScale);
  }

  withClasses(classNames: readonly string[]): CosineHead {
    return new CosineHead(classNames, this.texts.withClasses(classNames), this.logitScale);
  }

  dispose(): void {
    this.texts.dispose();
  }
}

/** What the cosine can do. */
export const cosineProperties: HeadProperties = { novelClasses: 'swap', readsText: true, learns: false };

/** `head: cosine`, the default. */
export const cosineHead = definePlugin({
  kind: 'head',
  name: 'cosine',
  description:
    'Logits are the scaled cosine of image and text features, as in CLIP (arXiv 2103.00020); nothing is learned.',
  options: oneTextBase(
    z.strictObject({
      logitScale: z
        .number()
        .positive()
        .optional()
        .describe(
          "Scale of the cosines, 1 / temperature. Default: the checkpoint's exp(logit_scale); some authors' code has the constant 100.",
        ),
      ...textBaseOptions('directions'),
    }),
  ),
  properties: (options) => ({ ...cosineProperties, readsText: !hasTextBase(options) }),
  create: (context, options) =>
    new CosineHead(context.classNames, HeadTexts.of(context, options, 'directions'), options.logitScale),
});
