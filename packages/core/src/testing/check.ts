import { backboneChecks, type BackboneSuite } from './backbone-checks.js';
import { ConformanceError } from './conformance-error.js';
import { datasetChecks, type DatasetSuite } from './dataset-checks.js';
import { ensureBackend } from './ensure-backend.js';
import type {
  BackbonePlugin,
  DatasetPlugin,
  GradientsPlugin,
  HeadPlugin,
  LabelsPlugin,
  LossPlugin,
  PartialConfiguration,
  Plugin,
  PromptPlugin,
  ProtocolPlugin,
  TrackerPlugin,
  TuningPlugin,
} from '../plugin/define-plugin.js';
import { gradientRuleChecks, type GradientRuleSuite } from './gradient-rule-checks.js';
import { headChecks, type HeadSuite } from './head-checks.js';
import { labelAlignerChecks, type LabelAlignerSuite } from './label-aligner-checks.js';
import { lossChecks, type LossSuite } from './loss-checks.js';
import { promptLearnerChecks, type PromptLearnerSuite } from './prompt-learner-checks.js';
import { protocolChecks, type ProtocolSuite } from './protocol-checks.js';
import {
  optionSets,
  parsedOptions,
  subjectOf,
  type Checks,
  type ParsedOptions,
  type Subject,
  type Suite,
} from './suite.js';
import { trackerChecks, type TrackerSuite } from './tracker-checks.js';
import { tuningChecks, type TuningSuite } from './tuning-checks.js';

/**
 * Checks a prompt learner without a test runner.
 * @throws ConformanceError naming the plugin, its options, the check and what was found, at the first check that fails
 */
export function checkPromptLearner(plugin: PromptPlugin, suite: PromptLearnerSuite): Promise<void> {
  return checkAll(plugin, suite, promptLearnerChecks);
}

/** Checks a label aligner without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkLabelAligner(plugin: LabelsPlugin, suite: LabelAlignerSuite): Promise<void> {
  return checkAll(plugin, suite, labelAlignerChecks);
}

/** Checks a head without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkHead(plugin: HeadPlugin, suite: HeadSuite): Promise<void> {
  return checkAll(plugin, suite, headChecks);
}

/** Checks a tuning without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkTuning(plugin: TuningPlugin, suite: TuningSuite): Promise<void> {
  return checkAll(plugin, suite, tuningChecks);
}

/** Checks a loss without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkLoss(plugin: LossPlugin, suite: LossSuite): Promise<void> {
  return checkAll(plugin, suite, lossChecks);
}

/** Checks a gradient rule without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkGradientRule(plugin: GradientsPlugin, suite: GradientRuleSuite): Promise<void> {
  return checkAll(plugin, suite, gradientRuleChecks);
}

/** Checks a tracker without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkTracker(plugin: TrackerPlugin, suite: TrackerSuite = {}): Promise<void> {
  return checkEach(plugin, suite, trackerChecks);
}

/** Checks a backbone without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export async function checkBackbone(plugin: BackbonePlugin, suite: BackboneSuite = {}): Promise<void> {
  await ensureBackend();
  return checkEach(plugin, suite, backboneChecks);
}

/** Checks a data set without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkDataset(plugin: DatasetPlugin, suite: DatasetSuite = {}): Promise<void> {
  return checkEach(plugin, suite, datasetChecks);
}

/** Checks a protocol without a test runner. @throws ConformanceError as {@link checkPromptLearner} */
export function checkProtocol(plugin: ProtocolPlugin, suite: ProtocolSuite = {}): Promise<void> {
  return checkEach(plugin, suite, protocolChecks);
}

/** For kinds that need no backbone of the suite. */
async function checkEach<P extends Plugin, S extends Pick<Suite, 'options'>>(
  plugin: P,
  suite: S,
  checks: Checks<{ plugin: P; suite: S; options: ParsedOptions }>,
): Promise<void> {
  for (const options of optionSets(suite)) {
    for (const [name, check] of Object.entries(checks)) {
      await named(plugin, options, name, () => check({ plugin, suite, options: parsedOptions(plugin, options) }));
    }
  }
}

async function checkAll<P extends Plugin, S extends Suite>(
  plugin: P,
  suite: S,
  checks: Checks<Subject<P, S>>,
): Promise<void> {
  await ensureBackend();
  const backbone = suite.backbone();
  try {
    for (const options of optionSets(suite)) {
      for (const [name, check] of Object.entries(checks)) {
        await named(plugin, options, name, () => check(subjectOf(plugin, suite, backbone, options)));
      }
    }
  } finally {
    backbone.dispose();
  }
}

async function named(
  plugin: Plugin,
  options: PartialConfiguration,
  name: string,
  check: () => void | Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (cause) {
    const where = `${plugin.name} ${JSON.stringify(options)}: ${name}`;
    throw new ConformanceError(`${where}: ${(cause as Error).message}`, { where, cause });
  }
}
