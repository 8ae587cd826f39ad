import { z } from 'zod';

/** Options of DePT (Zhang et al. 2024, arXiv 2309.07439). */
export const deptOptions = z.strictObject({
  probeWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('Weight λ of the probe, in the loss and in the logits of trained classes; the cosine has 1 − λ.'),
  learningRateFactor: z
    .number()
    .positive()
    .default(6.5)
    .describe("Factor on the learning rate of the probe's variables."),
});
