import { oneTextBase, textBaseOptions } from '@promptweave/core';
import { z } from 'zod';

/** Options of TaskRes (Yu et al. 2023, arXiv 2211.10277). */
export const taskresOptions = oneTextBase(
  z.strictObject({
    alpha: z.number().default(0.5).describe("Weight α of the residuals; the paper's, 1 for Flowers102."),
    relative: z
      .boolean()
      .default(false)
      .describe(
        'Residuals in units of the mean length of the text features, so that α means the same for every backbone. Not in the paper.',
      ),
    ...textBaseOptions('raw'),
  }),
);

/** Options of CLIP-Adapter (Gao et al. 2021, arXiv 2110.04544). */
export const clipAdapterOptions = oneTextBase(
  z.strictObject({
    ratio: z.number().min(0).max(1).default(0.2).describe('Share α of the adapter in the image feature.'),
    reduction: z.int().min(1).default(4).describe("The adapter's hidden layer is the embedding width divided by this."),
    ...textBaseOptions('raw'),
  }),
);

/** Options of Tip-Adapter (Zhang et al. 2022, arXiv 2207.09519). */
export const tipAdapterOptions = oneTextBase(
  z.strictObject({
    fineTune: z.boolean().default(false).describe('Train the keys of the cache (Tip-Adapter-F).'),
    alpha: z.number().min(0).default(1.17).describe('Weight α of the cache; the authors take 1.17 to 10.'),
    beta: z.number().positive().default(1).describe('Sharpness β of the affinity to the keys.'),
    search: z
      .enum(['none', 'val'])
      .default('none')
      .describe('Choose α and β on the validation images (min(shots, 4) of each class), after the training.'),
    searchRange: z
      .tuple([z.number().gt(0.1), z.number().gt(0.1)])
      .default([7, 3])
      .describe('Upper ends of the search for β and α; it begins at 0.1.'),
    searchSteps: z
      .tuple([z.int().min(1), z.int().min(1)])
      .default([200, 20])
      .describe('Values of β and α that are tried.'),
    views: z
      .int()
      .min(0)
      .default(10)
      .describe('Augmented views of each training image whose mean feature is a key; 0 for the plain image.'),
    minimumCrop: z.number().positive().max(1).default(0.5).describe("Smallest share of the image's area in a view."),
    logitScale: z
      .number()
      .positive()
      .optional()
      .describe("Scale of the cosines. Default: the backbone's; the authors' code has 100 for every backbone."),
    ...textBaseOptions('directions'),
  }),
);
