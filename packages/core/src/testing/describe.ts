import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backbone } from '../contracts/backbone.js';
import type { LabelsPlugin, LossPlugin, Plugin, PromptPlugin, TrackerPlugin } from '../plugin/define-plugin.js';
import { labelAlignerChecks, type LabelAlignerSuite } from './label-aligner-checks.js';
import { lossChecks, type LossSuite } from './loss-checks.js';
import { promptLearnerChecks, type PromptLearnerSuite } from './prompt-learner-checks.js';
import { optionSets, parsedOptions, subjectOf, type Checks, type Subject, type Suite } from './suite.js';
import { trackerChecks, type TrackerSuite } from './tracker-checks.js';

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

/** The conformance suite of a loss. */
export function describeLoss(plugin: LossPlugin, suite: LossSuite): void {
  describeAll('loss', plugin, suite, lossChecks);
}

/**
 * The conformance suite of a tracker.
 *
 * @example describeTracker(mine, { options: [{ address }], recorded: (id) => readBack(id) });
 */
export function describeTracker(plugin: TrackerPlugin, suite: TrackerSuite = {}): void {
  const sets = optionSets(suite).map((options) => [JSON.stringify(options), options] as const);
  describe.each(sets)(`tracker ${plugin.name} %s`, (_, options) => {
    for (const [name, check] of Object.entries(trackerChecks)) {
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
  describe.each(optionSets(suite).map((options) => [JSON.stringify(options), options] as const))(
    `${kind} ${plugin.name} %s`,
    (_, options) => {
      let backbone: Backbone;
      beforeAll(() => {
        backbone = suite.backbone();
      });
      afterAll(() => backbone.dispose());
      for (const [name, check] of Object.entries(checks)) {
        it(name, () => check(subjectOf(plugin, suite, backbone, options)));
      }
    },
  );
}
