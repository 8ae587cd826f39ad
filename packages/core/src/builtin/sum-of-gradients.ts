import { z } from 'zod';
import type { GradientRule } from '../contracts/gradient-rule.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** The gradient of the total alone. */
export const sumOfTerms: GradientRule = { isAside: () => false, combine: (total) => total };

/** `gradients: sum`, the default. */
export const sumOfGradients = definePlugin({
  kind: 'gradients',
  name: 'sum',
  description: 'Every step follows the gradient of the weighted sum of all losses.',
  options: z.strictObject({}),
  create: () => sumOfTerms,
});
