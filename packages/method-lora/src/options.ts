import { z } from 'zod';

const encoder = z
  .enum(['text', 'vision', 'both'])
  .default('both')
  .describe('Which towers learn. With `text` alone image features are constant.');
const blocks = (tower: string) =>
  z
    .union([z.literal('all'), z.array(z.int().min(0)).min(1)])
    .default('all')
    .describe(`Blocks of the ${tower} tower that learn: \`all\`, or a list of their numbers from 0.`);
const layer = z.enum(['q', 'k', 'v', 'o', 'up', 'down']);

/** Options of CLIP-LoRA (Zanella and Ben Ayed 2024, arXiv 2405.18541). */
export const loraOptions = z.strictObject({
  encoder,
  textBlocks: blocks('text'),
  visionBlocks: blocks('vision'),
  layers: z
    .array(layer)
    .min(1)
    .default(['q', 'k', 'v'])
    .describe(
      'Linear layers with a low-rank change, of `q`, `k`, `v`, `o` (queries, keys, values and output of the attention), `up` and `down` (the MLP).',
    ),
  rank: z.int().min(1).default(2).describe('Rank r of the change B A.'),
  alpha: z.number().positive().default(1).describe('α of the factor before the change.'),
  scaling: z
    .enum(['root', 'rank'])
    .default('root')
    .describe('The factor: α/√r (`root`), as released, or α/r (`rank`), as in LoRA.'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.25)
    .describe('Dropout rate at the input of each branch in training; every layer draws its own mask.'),
  inputGradient: z
    .enum(['whole', 'frozen'])
    .default('whole')
    .describe(
      'What gradients go back through: W + s B A, or W alone (`frozen`), as the released code does where its dropout is 0.',
    ),
});

/** Options of learned layer norms (2SFS, Farina et al. 2025, arXiv 2503.11609, first stage). */
export const layerNormOptions = z.strictObject({
  encoder,
  norms: z
    .enum(['blocks', 'all'])
    .default('blocks')
    .describe(
      'Layer norms within the blocks, as released, or also those before the first block and after the last one.',
    ),
  textBlocks: blocks('text'),
  visionBlocks: blocks('vision'),
});

/** Options of learned biases (BitFit, Ben Zaken et al. 2022, arXiv 2106.10199). */
export const biasOptions = z.strictObject({
  encoder,
  layers: z
    .array(z.enum(['q', 'v', 'o', 'up', 'down']))
    .min(1)
    .default(['q', 'v', 'o', 'up', 'down'])
    .describe(
      'Linear layers whose biases learn, of `q`, `v`, `o`, `up` and `down`. The biases of the keys are not among them: they shift all scores of a row equally, which the softmax ignores.',
    ),
  norms: z.boolean().default(true).describe('Whether the biases of the layer norms within the blocks learn, too.'),
  textBlocks: blocks('text'),
  visionBlocks: blocks('vision'),
});
