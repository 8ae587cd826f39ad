import type { Registry } from '../plugin/registry.js';
import { optionsOf, type ResolvedConfiguration } from './configuration.js';
import { datasetPart } from './dataset-part.js';
import type { Finding } from './validate.js';

/** What does not go together, though every option on its own is valid. */
export function combinationFindings(configuration: ResolvedConfiguration, registry: Registry): Finding[] {
  const { prompt, labels, losses, protocol, dataset, train } = configuration;
  const findings: Finding[] = [];
  const learner = registry.get('prompt', prompt.use).properties(optionsOf(prompt));
  const aligner = registry.get('labels', labels.use).properties(optionsOf(labels));

  losses.forEach(({ use }, index) => {
    const path = ['losses', index];
    if (losses.findIndex((loss) => loss.use === use) < index) {
      findings.push({ path, message: `the loss ${use} is listed twice; give it a weight instead` });
    }
    if (registry.get('loss', use).needsTrainedLabels && !aligner.trainsLabels) {
      const message = `the loss ${use} needs labels that are trained, and the labels are ${labels.use}`;
      findings.push({ path, message: `${message}. Choose other labels, or take the loss out.` });
    }
  });

  const { testsNovelClasses, trainsOn, trainsNothing, datasets } = registry.get('protocol', protocol.use);
  if (testsNovelClasses && learner.novelClasses === 'trained only') {
    const message = `${protocol.use} tests on other classes than those that were trained, but ${prompt.use} with these options`;
    findings.push({
      path: ['protocol'],
      message: `${message} knows the trained classes only. Use few-shot, or another prompt.`,
    });
  }
  if (trainsOn === 'base' && dataset.classes !== 'base') {
    const message = `${protocol.use} trains on the base classes; expected base or nothing, received "${dataset.classes}"`;
    findings.push({ path: ['dataset', 'classes'], message });
  }
  if (trainsNothing && (learner.learns !== false || aligner.trainsLabels)) {
    const message = `${protocol.use} trains nothing, but ${learner.learns === false ? labels.use : prompt.use} learns`;
    findings.push({ path: ['protocol'], message: `${message}. Use few-shot, or parts that learn nothing.` });
  }
  for (const choice of datasets?.(optionsOf(protocol)) ?? []) {
    const { problem } = datasetPart(choice, dataset, registry);
    if (problem !== undefined) findings.push({ path: ['protocol'], message: problem });
  }
  if (train.keep === 'best' && train.evaluateEvery === 0) {
    findings.push({
      path: ['train', 'keep'],
      message: 'best needs evaluations during training; set train.evaluateEvery',
    });
  }
  return findings;
}
