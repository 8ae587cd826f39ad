import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../model/classifier.js';
import type { LossPlugin } from '../plugin/define-plugin.js';
import { demandSameBackbone } from './backbone-print.js';
import { compose, contextOf, jitter, sizeOfValues, train, type Chosen, type Composition } from './compose.js';
import { demand } from './conformance-error.js';
import { checkGradients, totalLoss } from './finite-differences.js';
import { withBatch } from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import { probeLearner } from './probe-learner.js';
import type { Checks, ParsedOptions, Subject, Suite } from './suite.js';
import { demandNoneLeft } from './tensors-left.js';

/** What the checks of a loss need to know. */
export interface LossSuite extends Suite {
  /** The prompt learner beside it; by default one that prompts both towers. */
  readonly prompt?: Composition['prompt'];
  /** The label aligner beside it; by default frozen labels. */
  readonly labels?: Composition['labels'];
  /** True for variables (`probe_…`, or those of `prompt` and `labels`) that this loss gives no gradient. Default: none. */
  withoutGradient?(variable: string, options: ParsedOptions): boolean;
  /** True for variables for which the loss stops a part of its gradient, by design. Default: none. */
  stoppedGradient?(variable: string, options: ParsedOptions): boolean;
}

type LossSubject = Subject<LossPlugin, LossSuite>;

/** What every loss must do. */
export const lossChecks: Checks<LossSubject> = {
  ...pluginChecks,
  'gives named finite terms from what it says that it needs': checkTerms,
  'gradient reaches exactly the variables that it is about': checkReach,
  'the gradient is the derivative of the loss (finite differences)': checkDerivatives,
  'is the same when it is made again': checkAgain,
  'training leaves the backbone unchanged': (subject) =>
    demandSameBackbone(subject.backbone, () =>
      withBatch(subject.backbone, (batch) => {
        const classifier = alone(subject);
        train(classifier, batch, 2);
        classifier.dispose();
      }),
    ),
  'leaves no tensor behind': checkLeaks,
};

/** A classifier with no other loss than this one, off its start. */
function alone({ backbone, plugin, options, suite }: LossSubject): Classifier {
  const { prompt = { plugin: probeLearner }, labels } = suite;
  const loss: Chosen<LossPlugin> = { plugin, options };
  const classifier = compose(contextOf(backbone), { prompt, labels, losses: [loss] });
  jitter(classifier.variables);
  return classifier;
}

function checkTerms(subject: LossSubject): void {
  const classifier = alone(subject);
  const { plugin } = subject;
  const [{ loss }] = classifier.parts.losses as [(typeof classifier.parts.losses)[0]];
  demand(loss.name === plugin.name, `The loss calls itself "${loss.name}", its plugin "${plugin.name}".`);
  withBatch(subject.backbone, (batch) =>
    tf.tidy(() => {
      const terms = loss.terms(classifier.step(batch));
      demand(terms.length > 0, 'It has no terms.');
      demand(new Set(terms.map(({ name }) => name)).size === terms.length, 'Two of its terms have one name.');
      for (const { name, value, weight } of terms) {
        demand(value.rank === 0, `Its term "${name}" has the shape [${value.shape.join(', ')}] and is no scalar.`);
        const number = value.dataSync()[0]!;
        demand(Number.isFinite(number), `Its term "${name}" is ${number}.`);
        demand(Number.isFinite(weight) && weight >= 0, `The weight of its term "${name}" is ${weight}.`);
      }
    }),
  );
  classifier.dispose();
}

function checkReach(subject: LossSubject): void {
  const { suite, options } = subject;
  const classifier = alone(subject);
  withBatch(subject.backbone, (batch) => {
    const { gradients } = classifier.gradients(batch);
    for (const name of Object.keys(classifier.variables)) {
      const size = gradients[name] ? sizeOfValues(gradients[name]) : 0;
      demand(Number.isFinite(size), `The gradient of "${name}" has the size ${size}.`);
      const expected = !(suite.withoutGradient?.(name, options) ?? false);
      demand(size > 0 === expected, `It gives "${name}" ${size > 0 ? 'a gradient' : 'no gradient'}.`);
    }
    tf.dispose(Object.values(gradients));
  });
  classifier.dispose();
}

function checkDerivatives(subject: LossSubject): void {
  const { suite, options } = subject;
  const classifier = alone(subject);
  const skip = (name: string) =>
    (suite.withoutGradient?.(name, options) ?? false) || (suite.stoppedGradient?.(name, options) ?? false);
  withBatch(subject.backbone, (batch) => checkGradients(classifier, batch, { skip }));
  classifier.dispose();
}

function checkAgain(subject: LossSubject): void {
  const [first, second] = [alone(subject), alone(subject)];
  withBatch(subject.backbone, (batch) => {
    const [a, b] = [totalLoss(first, batch), totalLoss(second, batch)];
    demand(Object.is(a, b), `It is ${a}, and ${b} when it is made again.`);
    const again = totalLoss(first, batch);
    demand(Object.is(a, again), `It is ${a}, and ${again} when it is computed again.`);
  });
  first.dispose();
  second.dispose();
}

function checkLeaks(subject: LossSubject): void {
  withBatch(subject.backbone, (batch) =>
    demandNoneLeft('Making, using and disposing it', () => {
      const classifier = alone(subject);
      train(classifier, batch, 1); // what is computed once may stay until dispose
      demandNoneLeft('A training step', () => train(classifier, batch, 1));
      classifier.dispose();
    }),
  );
}
