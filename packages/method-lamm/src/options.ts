import { maxNameTokens } from '@promptweave/core';
import { z } from 'zod';

/** Options of LAMM's trainable labels (arXiv 2312.08212). */
export const lammOptions = z.strictObject({
  tokens: z
    .enum(['shortest', 'first', 'all'])
    .default('shortest')
    .describe(
      'How many tokens of each class name are trained: as many as the shortest name has, the first one, or all of them.',
    ),
  slot: z
    .enum(['name', 'released'])
    .default('name')
    .describe(
      "Where they stand: in the place of the name's own tokens, or at position 1 + n as the authors' code on MaPLe has it.",
    ),
  maxTokens: maxNameTokens,
});

const temperature = z.number().positive().default(2).describe('Temperature T of the logits-space term.');
const detach = z
  .enum(['none', 'learned', 'anchor'])
  .default('none')
  .describe('Which logits are constants in the logits-space term; as released, neither.');

/** Options of LAMM's hierarchical loss (arXiv 2312.08212, eq. 5–8). */
export const hierarchicalOptions = z.strictObject({
  parameterWeight: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Weight of the parameter-space term; by default 1 / shots (the authors run most of their tables with 1).',
    ),
  featureWeight: z.number().min(0).default(1).describe('Weight of the feature-space term.'),
  logitsWeight: z.number().min(0).default(0.05).describe('Weight of the logits-space term.'),
  temperature,
  detach,
});

/** Options of the logits-space term alone. */
export const logitsOptions = z.strictObject({ temperature, detach });

/** Options of a term without settings. */
export const noOptions = z.strictObject({});
