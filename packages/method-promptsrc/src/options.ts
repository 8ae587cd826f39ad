import { descriptionsOption, templateText } from '@promptweave/core';
import { z } from 'zod';

const teacher = {
  templates: z
    .array(templateText)
    .min(1)
    .optional()
    .describe("Templates of the teacher, {} for the class name. Without them, the 60 of the authors' code."),
  descriptions: descriptionsOption('they take the place of the templates.'),
  mean: z
    .enum(['raw', 'directions'])
    .default('raw')
    .describe(
      'Mean over templates or descriptions of the features as they are, as the authors do, or of the normalised ones.',
    ),
};

function oneOf<S extends z.ZodObject<typeof teacher>>(schema: S): S {
  return schema.refine(({ templates, descriptions }) => !(templates && descriptions), {
    error: 'templates and descriptions exclude each other',
    path: ['descriptions'],
  });
}

/** Options of the text term (Khattak et al. 2023, arXiv 2307.06948, eq. 3). */
export const textOptions = oneOf(z.strictObject(teacher));

/** Options of the image term: none. */
export const imageOptions = z.strictObject({});

/** Options of the logits term (eq. 4). */
export const logitsOptions = oneOf(
  z.strictObject({
    ...teacher,
    per: z
      .enum(['element', 'image'])
      .default('element')
      .describe(
        'Divide the divergence by images × classes, as released, or by the number of images: the same with a weight × classes.',
      ),
  }),
);
