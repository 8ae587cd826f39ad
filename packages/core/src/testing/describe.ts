import type { Backbone } from '../contracts/backbone.js';
import type {
  BackbonePlugin,
  DatasetPlugin,
  GradientsPlugin,
  HeadPlugin,
  LabelsPlugin,
  LossPlugin,
  Plugin,
  PromptPlugin,
  ProtocolPlugin,
  TrackerPlugin,
  TuningPlugin,
} from '../plugin/define-plugin.js';
import { backboneChecks, type BackboneSuite } from './backbone-checks.js';
import { ConformanceError } from './conformance-error.js';
import { datasetChecks, type DatasetSuite } from './dataset-checks.js';
import { ensureBackend } from './ensure-backend.js';
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

/** Absent where vitest is not installed: the `check…` functions need none. */
const vitest = await import('vitest').catch(() => undefined);

function runner(): NonNullable<typeof vitest> {
  if (vitest) return vitest;
  throw new ConformanceError('The describe… functions make tests of vitest, which is not installed.', {
    remedy: 'npm install --save-dev vitest, or call the check… functions with any other runner.',
  });
}

/**
 * The conformance suite of a prompt learner, as vitest tests: one for each check and set of options.
 *
 * @example describePromptLearner(myLearner, { backbone: () => randomClip({ … }), options: [{}, { depth: 1 }] });
 */
export function describePromptLearner(plugin: PromptPlugin, suite: PromptLearnerSuite): void {
  describeAll('prompt learner', plugin, suite, promptLearnerChecks);
}

/** The conformance suite of a label aligner. */
export function describeLabelAligner(plugin: LabelsPlugin, suite: LabelAlignerSuite): void {
  describeAll('label aligner', plugin, suite, labelAlignerChecks);
}

/** The conformance suite of a head. @example describeHead(mine, { backbone: () => randomClip({ … }) }) */
export function describeHead(plugin: HeadPlugin, suite: HeadSuite): void {
  describeAll('head', plugin, suite, headChecks);
}

/** The conformance suite of a tuning. */
export function describeTuning(plugin: TuningPlugin, suite: TuningSuite): void {
  describeAll('tuning', plugin, suite, tuningChecks);
}

/** The conformance suite of a loss. */
export function describeLoss(plugin: LossPlugin, suite: LossSuite): void {
  describeAll('loss', plugin, suite, lossChecks);
}

/**
 * The conformance suite of a gradient rule.
 *
 * @example describeGradientRule(mine, { backbone: () => randomClip({ … }), losses: [{ plugin: crossEntropy }, { plugin: myTeacher }] });
 */
export function describeGradientRule(plugin: GradientsPlugin, suite: GradientRuleSuite): void {
  describeAll('gradient rule', plugin, suite, gradientRuleChecks);
}

/**
 * The conformance suite of a tracker.
 *
 * @example describeTracker(mine, { options: [{ address }], recorded: (id) => readBack(id) });
 */
export function describeTracker(plugin: TrackerPlugin, suite: TrackerSuite = {}): void {
  describeEach('tracker', plugin, suite, trackerChecks);
}

/** The conformance suite of a backbone. @example describeBackbone(mine, { options: [{ checkpoint: 'tiny.safetensors' }] }) */
export function describeBackbone(plugin: BackbonePlugin, suite: BackboneSuite = {}): void {
  runner().beforeAll(ensureBackend);
  describeEach('backbone', plugin, suite, backboneChecks);
}

/** The conformance suite of a data set. */
export function describeDataset(plugin: DatasetPlugin, suite: DatasetSuite = {}): void {
  describeEach('data set', plugin, suite, datasetChecks);
}

/** The conformance suite of a protocol. */
export function describeProtocol(plugin: ProtocolPlugin, suite: ProtocolSuite = {}): void {
  describeEach('protocol', plugin, suite, protocolChecks);
}

/** For kinds that need no backbone of the suite. */
function describeEach<P extends Plugin, S extends Pick<Suite, 'options'>>(
  kind: string,
  plugin: P,
  suite: S,
  checks: Checks<{ plugin: P; suite: S; options: ParsedOptions }>,
): void {
  const { describe, it } = runner();
  const sets = optionSets(suite).map((options) => [JSON.stringify(options), options] as const);
  describe.each(sets)(`${kind} ${plugin.name} %s`, (_, options) => {
    for (const [name, check] of Object.entries(checks)) {
      it(name, () => check({ plugin, suite, options: parsedOptions(plugin, options) }));
    }
  });
}

function describeAll<P extends Plugin, S extends Suite>(
  kind: string,
  plugin: P,
  suite: S,
  checks: Checks<Subject<P, S>>,
): void {
  const { afterAll, beforeAll, describe, it } = runner();
  describe.each(optionSets(suite).map((options) => [JSON.stringify(options), options] as const))(
    `${kind} ${plugin.name} %s`,
    (_, options) => {
      let backbone: Backbone;
      beforeAll(async () => {
        await ensureBackend();
        backbone = suite.backbone();
      });
      afterAll(() => backbone.dispose());
      for (const [name, check] of Object.entries(checks)) {
        it(name, () => check(subjectOf(plugin, suite, backbone, options)));
      }
    },
  );
}
