import { z } from 'zod';

/** Options of MMA (Yang et al., CVPR 2024). */
export const mmaOptions = z.strictObject({
  start: z
    .int()
    .min(0)
    .default(5)
    .describe('First index with adapters; index i is block i counted from 1, and 0 stands before the first block.'),
  end: z.int().min(0).default(12).describe('Last index with adapters.'),
  dim: z.int().min(1).default(32).describe('Width of the adapters, and of what both towers share.'),
  scale: z.number().positive().default(0.001).describe('Factor s before what an adapter adds.'),
  depths: z
    .enum(['same index', 'from the end', 'stretched'])
    .default('same index')
    .describe(
      'Which vision block shares its adapter with text index i, of L blocks in the text and M in the vision tower: i, i + M − L, or i M / L rounded.',
    ),
  gradients: z
    .enum(['rescaled', 'loss'])
    .default('rescaled')
    .describe(
      'Adapters within blocks learn as if s were 1 (`rescaled`), as released, or with the gradient of the loss (`loss`).',
    ),
});
