import * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from '../builtin/cross-entropy.js';
import type { GradientRule } from '../contracts/gradient-rule.js';
import type { Classifier } from '../model/classifier.js';
import { seededNormal } from '../model/maths.js';
import type { GradientsPlugin } from '../plugin/define-plugin.js';
import { combined } from '../training/accumulate.js';
import { demandSameBackbone } from './backbone-print.js';
import { compose, contextOf, jitter, sameValues, train, valuesOf, type Composition } from './compose.js';
import { demand } from './conformance-error.js';
import { withBatch } from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import { probeLearner } from './probe-learner.js';
import type { Checks, Subject, Suite } from './suite.js';
import { demandNoneLeft } from './tensors-left.js';

/** What the checks of a gradient rule need to know. */
export interface GradientRuleSuite extends Suite {
  /** The losses beside it; those that it needs must be among them. Default: cross-entropy. */
  readonly losses?: Composition['losses'];
}

type RuleSubject = Subject<GradientsPlugin, GradientRuleSuite>;

/** What every gradient rule must do. */
export const gradientRuleChecks: Checks<RuleSubject> = {
  ...pluginChecks,
  'puts aside terms of the losses that it needs, and not all terms': checkTerms,
  'gives each variable one finite gradient of its shape': checkGradients,
  'gives the same bits for the same gradients, in whatever order they come': checkAgain,
  'leaves the gradients that it is given as they are': checkGiven,
  'gives finite values where a gradient is 0 or there is none aside': checkZeros,
  'training leaves the backbone unchanged, and has the same bits for the same seed': checkTraining,
  'leaves no tensor behind': checkLeaks,
};

/** Prompts in both towers, off their start, under the rule. */
function made({ backbone, plugin, options, suite }: RuleSubject): Classifier {
  const { losses = [{ plugin: crossEntropy }] } = suite;
  const gradients = { plugin, options };
  const classifier = compose(contextOf(backbone), { prompt: { plugin: probeLearner }, gradients, losses });
  jitter(classifier.variables);
  return classifier;
}

function checkTerms(subject: RuleSubject): void {
  const { needsLosses = [] } = subject.plugin;
  const given = (subject.suite.losses ?? []).map(({ plugin }) => plugin.name);
  const lacking = needsLosses.filter((name) => !given.includes(name));
  demand(lacking.length === 0, `It needs the losses ${lacking.join(', ')}: give them to the suite, as losses.`);
  const classifier = made(subject);
  const { rule } = classifier.parts;
  withBatch(subject.backbone, (batch) => {
    const { terms, gradients, aside } = classifier.gradients(batch);
    const names = Object.keys(terms);
    const apart = names.filter((name) => rule.isAside(name));
    demand(apart.length < names.length, `It puts all terms aside (${names.join(', ')}): there is nothing to follow.`);
    demand(
      needsLosses.length === 0 || apart.length > 0,
      `It needs ${needsLosses.join(', ')}, and puts none of the terms aside: ${names.join(', ')}.`,
    );
    demand(
      names.every((name) => rule.isAside(name) === apart.includes(name)),
      'It puts a term aside at one time and not at another.',
    );
    tf.dispose([{ ...gradients }, { ...aside }]);
  });
  classifier.dispose();
}

function checkGradients(subject: RuleSubject): void {
  const classifier = made(subject);
  withBatch(subject.backbone, (batch) => {
    const { gradients, aside } = classifier.gradients(batch);
    const ruled = combined(classifier.parts.rule, gradients, aside);
    for (const [name, variable] of Object.entries(classifier.variables)) {
      const gradient = ruled[name];
      if (!gradient) continue; // no loss of the suite depends on it
      demand(
        gradient.shape.join() === variable.shape.join(),
        `The gradient of "${name}" has the shape [${gradient.shape.join(', ')}], the variable [${variable.shape.join(', ')}].`,
      );
      demandFinite(gradient, `The gradient of "${name}"`);
    }
    demand(Object.keys(ruled).length > 0, 'No variable gets a gradient.');
    tf.dispose(ruled);
  });
  classifier.dispose();
}

/** Some gradients of the total and of the terms aside, of several shapes; the last has none aside. */
function someGradients(): { readonly total: tf.Tensor; readonly aside?: tf.Tensor }[] {
  const drawn = (shape: number[], name: string): tf.Tensor => seededNormal(shape, 1, 3, name);
  return [[4], [2, 3], [1], [3, 2, 2]].map((shape, i) => ({
    total: drawn(shape, `total ${i}`),
    ...(i < 3 && { aside: drawn(shape, `aside ${i}`) }),
  }));
}

const ruleOf = ({ plugin, options, backbone }: RuleSubject): GradientRule =>
  plugin.create(contextOf(backbone), options);

function checkAgain(subject: RuleSubject): void {
  tf.tidy(() => {
    const given = someGradients();
    const [one, other] = [ruleOf(subject), ruleOf(subject)];
    const first = given.map(({ total, aside }) => [...one.combine(total, aside).dataSync()]);
    const reversed = [...given].reverse().map(({ total, aside }) => [...other.combine(total, aside).dataSync()]);
    const again = given.map(({ total, aside }) => [...one.combine(total, aside).dataSync()]);
    first.forEach((values, i) => {
      demand(sameValues(values, again[i]!), 'It gives others when it is asked again: a training could not be resumed.');
      demand(
        sameValues(values, reversed[given.length - 1 - i]!),
        'What it gives for a variable hangs on those before it.',
      );
    });
  });
}

function checkGiven(subject: RuleSubject): void {
  tf.tidy(() => {
    const rule = ruleOf(subject);
    for (const { total, aside } of someGradients()) {
      const before = [total, aside].map((tensor) => [...(tensor?.dataSync() ?? [])]);
      rule.combine(total, aside);
      [total, aside].forEach((tensor, i) => {
        demand(!tensor?.isDisposed, 'It disposes a gradient that it is given.');
        demand(sameValues([...(tensor?.dataSync() ?? [])], before[i]!), 'It changes a gradient that it is given.');
      });
    }
  });
}

function checkZeros(subject: RuleSubject): void {
  tf.tidy(() => {
    const rule = ruleOf(subject);
    const some: tf.Tensor = tf.tensor1d([1, -2, 3]);
    const zero: tf.Tensor = tf.zerosLike(some);
    const cases: [string, tf.Tensor, tf.Tensor | undefined][] = [
      ['both are 0', zero, zero],
      ['that of the total is 0', zero, some],
      ['that of the terms aside is 0', some, zero],
      ['there is none aside', some, undefined],
      ['that of the total is 0 and there is none aside', zero, undefined],
    ];
    for (const [where, total, aside] of cases) {
      const gradient = rule.combine(total, aside);
      demand(gradient.shape.join() === '3', `Its gradient has another shape where ${where}.`);
      demandFinite(gradient, `Its gradient where ${where}`);
    }
  });
}

function checkTraining(subject: RuleSubject): void {
  const trained = (): number[] => {
    const classifier = made(subject);
    withBatch(subject.backbone, (batch) => train(classifier, batch, 2));
    const values = Object.values(valuesOf(classifier.variables)).flat();
    classifier.dispose();
    return values;
  };
  demandSameBackbone(subject.backbone, () => {
    demand(sameValues(trained(), trained()), 'Two trainings of one seed end with other bits.');
  });
}

function checkLeaks(subject: RuleSubject): void {
  withBatch(subject.backbone, (batch) =>
    demandNoneLeft('Making, using and disposing it', () => {
      const classifier = made(subject);
      train(classifier, batch, 1); // what is computed once may stay until dispose
      demandNoneLeft('A training step', () => train(classifier, batch, 1));
      classifier.dispose();
    }),
  );
}

function demandFinite(tensor: tf.Tensor, what: string): void {
  const bad = tensor.dataSync().find((value) => !Number.isFinite(value));
  demand(bad === undefined, `${what} has the value ${bad}.`);
}
