import { z } from 'zod';

const threeNumbers = z.array(z.number()).length(3);

/** Options of the CLIP backbone. */
export const clipOptions = z.strictObject({
  checkpoint: z
    .string()
    .default('icons')
    .describe(
      'Weights: `icons` (embedded), a file, a folder, or an id of the Hugging Face hub such as openai/clip-vit-base-patch16.',
    ),
  activation: z
    .enum(['quick-gelu', 'gelu', 'gelu-tanh'])
    .optional()
    .describe(
      "Non-linearity of the MLPs; by default what the checkpoint says, or QuickGELU (SigLIP: GELU's tanh form; PE-Core: GELU).",
    ),
  imageMean: threeNumbers
    .optional()
    .describe(
      "RGB means that images are normalised with, of values in [0, 1]; by default what the files beside the weights say, or OpenAI's (SigLIP, PE-Core: 0.5).",
    ),
  imageStd: threeNumbers
    .refine((values) => values.every((value) => value > 0), { error: 'expected three positive numbers' })
    .optional()
    .describe('RGB standard deviations that images are normalised with; by default as for imageMean.'),
  interpolation: z
    .enum(['bicubic', 'bilinear'])
    .optional()
    .describe(
      'Kernel that images are resized with; by default what the files beside the weights say, or bicubic (PE-Core: bilinear).',
    ),
  resize: z
    .enum(['shortest', 'squash'])
    .optional()
    .describe(
      'Images are resized by their short side and the centre is cut out (shortest), or to the square, whatever their shape (squash); ' +
        'by default what the files beside the weights say, or shortest (SigLIP, PE-Core: squash).',
    ),
  clean: z
    .enum(['none', 'lower', 'canonical'])
    .optional()
    .describe(
      'SigLIP and MetaCLIP 2 alone: texts stay as they are, are put into lower case, or their punctuation is taken out as well (canonical); ' +
        'by default as they were trained: canonical for SigLIP, lower for SigLIP 2, none for MetaCLIP 2 (canonical with the vocabulary of mT5).',
    ),
  pooled: z
    .enum(['patches', 'all'])
    .optional()
    .describe(
      'SigLIP and PE-Core alone: the pooling head sees the patches (and the class token), as in training, or vision prompts as well (all); by default patches.',
    ),
  recompute: z
    .boolean()
    .default(false)
    .describe('Compute each block again in the backward pass: much less memory, about a third more time.'),
  classChunk: z
    .union([z.int().min(1), z.enum(['auto', 'all'])])
    .default('auto')
    .describe(
      'Classes that go through the text tower together: a number, all, or (auto) as many as need at most 3 GiB. With several chunks ' +
        'the text tower costs half as much time again, and the memory of one chunk. The numbers are the same.',
    ),
});
