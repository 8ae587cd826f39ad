import { z } from 'zod';
import type { Head, HeadInput, HeadProperties } from '../contracts/head.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** CLIP's own classifier: logits are logitScale · cosine. Nothing is learned. */
export class CosineHead implements Head {
  readonly variables = {};

  constructor(readonly classNames: readonly string[]) {}

  logits(input: HeadInput): HeadInput['cosineLogits'] {
    return input.cosineLogits;
  }

  withClasses(classNames: readonly string[]): CosineHead {
    return new CosineHead(classNames);
  }

  dispose(): void {
    // There are no tensors.
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
  options: z.strictObject({}),
  properties: () => cosineProperties,
  create: ({ classNames }) => new CosineHead(classNames),
});
