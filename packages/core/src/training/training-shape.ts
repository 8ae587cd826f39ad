import { textsAreConstant } from '../model/classifier-parts.js';
import { stepShape } from '../model/step-shape.js';
import type { StepShape } from '../contracts/work.js';
import type { Phase } from './phases.js';

/**
 * What a step of a phase computes. Text in which nothing learns is computed once and costs a step nothing.
 * @param featuresKnown image features come from a store
 */
export function trainingShape(
  { classifier, settings }: Phase,
  featuresKnown = !settings.augment || settings.views !== undefined,
): StepShape {
  const { parts } = classifier;
  const shape = stepShape(parts, settings.batch, featuresKnown);
  const { lateBlocks, anchors } = parts.needs;
  const once = textsAreConstant(parts) && !lateBlocks && !anchors;
  return once ? { ...shape, textPasses: 0 } : shape;
}
