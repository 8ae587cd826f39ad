import { templateText } from '@promptweave/core';
import { z } from 'zod';

const teacher = {
  templates: z
    .array(templateText)
    .min(1)
    .optional()
    .describe("Templates of the teacher, {} for the class name. Without them, the 60 of the authors' code."),
  mean: z
    .enum(['raw', 'directions'])
    .default('raw')
    .describe('Mean over the templates of the features as they are, as the authors do, or of the normalised ones.'),
};

/** Options of the text term (Khattak et al. 2023, arXiv 2307.06948, eq. 3). */
export const textOptions = z.strictObject(teacher);

/** Options of the image term: none. */
export const imageOptions = z.strictObject({});

/** Options of the logits term (eq. 4). */
export const logitsOptions = z.strictObject({
  ...teacher,
  per: z
    .enum(['element', 'image'])
    .default('element')
    .describe(
      'Divide the divergence by images × classes, as released, or by the number of images: the same with a weight × classes.',
    ),
});
