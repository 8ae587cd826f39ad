import type { Evaluations, ProtocolContext, EvaluationSet, ProtocolSummary } from '@promptweave/core';

/** Tests on one split of the trained classes. */
export function testedSets({ dataset }: ProtocolContext, split: 'val' | 'test'): EvaluationSet[] {
  return [{ name: 'tested', dataset, split }];
}

/** The mean says little of a classifier that gives up a class; the weakest class leads. */
export function weakestClass({ tested }: Evaluations): ProtocolSummary {
  const { accuracy, classes } = tested!;
  const accuracies = classes.filter(({ images }) => images > 0).map((each) => each.accuracy);
  return {
    accuracy,
    weakest: { value: Math.min(...accuracies), leads: true },
    lost: { value: accuracies.filter((each) => each === 0).length, unit: 'classes', better: 'less' },
  };
}
