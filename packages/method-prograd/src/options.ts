import { descriptionsOption, templateText } from '@promptweave/core';
import { z } from 'zod';

/** Options of ProGrad's rule (Zhu et al. 2023, arXiv 2205.14865, eq. 4). */
export const ruleOptions = z.strictObject({
  strength: z
    .number()
    .min(0)
    .default(1)
    .describe('λ: how much of the conflicting part of the gradient is taken out; 1 takes it out whole.'),
});

/** Options of ProGrad's teacher term. */
export const teacherOptions = z
  .strictObject({
    template: templateText.optional().describe("Hand-crafted template of the teacher; by default the data set's own."),
    descriptions: descriptionsOption('the mean of their directions takes the place of the hand-crafted prompt.'),
    temperature: z.number().positive().default(1).describe('T: logits of teacher and student are divided by it.'),
  })
  .refine(({ template, descriptions }) => !(template && descriptions), {
    error: 'template and descriptions exclude each other',
    path: ['descriptions'],
  });
