import { oneTextBase, textBaseOptions } from '@promptweave/core';
import { z } from 'zod';

/** Options of the plain linear probe (Radford et al. 2021, arXiv 2103.00020; as CoOp's authors run it). */
export const linearProbeOptions = z.strictObject({
  C: z
    .number()
    .positive()
    .optional()
    .describe(
      'Inverse strength of the regularisation, as scikit-learn has it. Default: searched on the validation images, from 1e6 to 1e-6.',
    ),
  searchSteps: z.int().min(0).default(8).describe('Halvings of the search after its coarse list.'),
  iterations: z.int().min(1).default(1000).describe('Maximum number of L-BFGS iterations.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-4)
    .describe('L-BFGS stops when no component of the gradient of the mean loss is larger.'),
  views: z.int().min(0).default(0).describe('Augmented views of each training image to fit to; 0 for the plain image.'),
  normalised: z.boolean().default(false).describe('Fit to normalised features; the authors do not.'),
});

/** Options of LP++ (Huang et al. 2024, arXiv 2404.02285). */
export const lpPlusPlusOptions = oneTextBase(
  z.strictObject({
    epochs: z.int().min(1).default(300).describe('Full-batch gradient steps.'),
    textEvery: z.int().min(1).default(10).describe('Steps between two of the text weights α.'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of the steps of W and b.'),
    variant: z
      .enum(['paper', 'released'])
      .default('paper')
      .describe(
        "`released` moves α by the sum of all gradients so far, as the authors' code does, which never resets it.",
      ),
    views: z
      .int()
      .min(0)
      .default(0)
      .describe('Augmented views of each training image to fit to; 0 for the plain image.'),
    ...textBaseOptions('directions'),
  }),
);

/** Options of the linear probe from the zero-shot weights, and of CLAP (Silva-Rodríguez et al. 2024, arXiv 2312.12730). */
export const zeroShotLinearProbeOptions = oneTextBase(
  z.strictObject({
    constraint: z
      .enum(['none', 'l2', 'l2-adaptative'])
      .default('none')
      .describe(
        'CLAP: keeps each prototype near its text feature, with a weight from the training images (l2), which grows after each epoch (l2-adaptative).',
      ),
    views: z
      .int()
      .min(0)
      .default(20)
      .describe(
        'Augmented views of each training image from which the weights of the constraint come; 0 for the plain image.',
      ),
    text: z
      .enum(['frozen', 'live'])
      .default('frozen')
      .describe(
        'Where the prototypes start: at text features of the frozen tower before their normalisation; or (live) at the normalised ones of the prompt, labels ' +
          'and tuning, as they are when the head begins to learn. Classes that it was not trained on have the same text.',
      ),
    ...textBaseOptions('raw'),
  }),
)
  .refine(({ text, constraint }) => text === 'frozen' || constraint === 'none', {
    error: 'a constraint keeps the prototypes near frozen text features; take text: frozen, or constraint: none',
    path: ['text'],
  })
  .refine(({ text, templates, descriptions }) => text === 'frozen' || !(templates ?? descriptions), {
    error: 'templates and descriptions are frozen text; take text: frozen, or leave them out',
    path: ['text'],
  });
