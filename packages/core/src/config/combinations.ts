import type { Registry } from '../plugin/registry.js';
import { optionsOf, type ResolvedConfiguration } from './configuration.js';
import { datasetPart } from './dataset-part.js';
import { partConflicts, propertiesOf, type ChosenProperties } from './part-conflicts.js';
import { protocolConflicts } from './protocol-conflicts.js';
import { phaseFault, phaseSettings, type LearningSection } from '../training/phase-settings.js';
import type { Finding } from './validate.js';

/** What does not go together, though every option on its own is valid. */
export function combinationFindings(configuration: ResolvedConfiguration, registry: Registry): Finding[] {
  const { losses, protocol, dataset, train } = configuration;
  const conflicts = [...partConflicts(configuration, registry), ...protocolConflicts(configuration, registry)];
  const findings: Finding[] = conflicts.map(({ path, message, remedy }) => ({
    path,
    message: `${lowered(message)} ${remedy}`,
  }));
  losses.forEach(({ use }, index) => {
    if (losses.findIndex((loss) => loss.use === use) === index) return;
    findings.push({ path: ['losses', index], message: `the loss ${use} is listed twice; give it a weight instead` });
  });

  const { trainsOn, datasets } = registry.get('protocol', protocol.use);
  if (trainsOn === 'base' && dataset.classes !== 'base') {
    const message = `${protocol.use} trains on the base classes; expected base or nothing, received "${dataset.classes}"`;
    findings.push({ path: ['dataset', 'classes'], message });
  }
  for (const choice of datasets?.(optionsOf(protocol)) ?? []) {
    const { problem } = datasetPart(choice, dataset, registry);
    if (problem !== undefined) findings.push({ path: ['protocol'], message: problem });
  }
  phaseSettings(train).forEach(({ keep, evaluateEvery, evaluateOn, average, stop }, number) => {
    const section = number === 0 ? ['train'] : ['train', 'then'];
    const name = section.join('.');
    if (keep === 'best' && evaluateEvery === 0) {
      const message = `best needs evaluations during training; set ${name}.evaluateEvery`;
      findings.push({ path: [...section, 'keep'], message });
    }
    if (stop && (evaluateEvery === 0 || evaluateOn !== 'val')) {
      const lacking = evaluateEvery === 0 ? 'needs evaluations' : 'needs evaluations on validation images';
      const message = `${lacking} during training; set ${name}.evaluateEvery=1 and ${name}.evaluateOn=val`;
      findings.push({ path: [...section, 'stop'], message });
    }
    if (keep === 'best' && average) {
      const message = `an average of all epochs leaves nothing to choose; set ${name}.keep=last`;
      findings.push({ path: [...section, 'average'], message });
    }
  });
  const fault = phaseFault(train, learningSections(propertiesOf(configuration, registry)));
  if (fault) findings.push({ path: fault.path, message: `${lowered(fault.message)} ${fault.remedy}` });
  return findings;
}

/** Sections whose parts have something to learn. */
function learningSections({ learner, aligner, head, tuning }: ChosenProperties): ReadonlySet<LearningSection> {
  const learns: Record<LearningSection, boolean> = {
    prompt: learner.learns !== false,
    labels: aligner.trainsLabels,
    head: head.learns !== false,
    tuning: tuning.tunesText || tuning.tunesVision,
  };
  return new Set((Object.keys(learns) as LearningSection[]).filter((section) => learns[section]));
}

function lowered(sentence: string): string {
  return sentence[0]!.toLowerCase() + sentence.slice(1);
}
