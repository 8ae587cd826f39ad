import * as tf from '@tensorflow/tfjs-core';
import type { Branch } from '../contracts/tuning.js';
import { dropout } from '../model/dropout.js';
import { stopGradient } from '../model/maths.js';
import type { TuningPlugin } from '../plugin/define-plugin.js';
import { compose, contextOf, jitter, logitsOf, novelNames, sameValues } from './compose.js';
import { demand } from './conformance-error.js';
import * as part from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import { probeLearner } from './probe-learner.js';
import type { Checks, ParsedOptions, Subject, Suite, VariableFacts } from './suite.js';

/** What the checks of a tuning need to know. */
export interface TuningSuite extends Suite, VariableFacts {
  /** False where the start values change the towers already. Default true. */
  startsAsFrozen?(options: ParsedOptions): boolean;
}

type TuningSubject = Subject<TuningPlugin, TuningSuite>;

/** The tuning beside frozen text. */
const learning = ({ backbone, plugin, options, suite }: TuningSubject): part.LearningPart => ({
  backbone,
  options,
  facts: suite,
  make: (seed) => compose(contextOf(backbone, { seed }), { tuning: { plugin, options } }),
  own: (classifier) => classifier.parts.tuning.variables,
});

/** What every tuning must do. */
export const tuningChecks: Checks<TuningSubject> = {
  ...pluginChecks,
  'tunes the towers that it says it tunes': checkTowers,
  'starts as the frozen towers, if it says so': checkStart,
  'gradient reaches exactly the declared variables': (subject) => part.demandGradients(learning(subject)),
  'the gradient is the derivative of the loss (finite differences)': (subject) =>
    part.demandDerivatives(learning(subject)),
  'works beside prompts in both towers': checkBesidePrompts,
  'a batch counts as its images do on their own': (subject) => part.demandMeanOverImages(learning(subject)),
  'training leaves the backbone unchanged': (subject) => part.demandFrozenBackbone(learning(subject)),
  'what is frozen is computed without it': checkFrozenFeatures,
  'saving and loading gives the same logits': (subject) => part.demandSaveAndLoad(learning(subject)),
  'the same seed gives the same bits, another seed others': (subject) => part.demandSeeds(learning(subject)),
  'random numbers of a step hang on its seed alone, and evaluations have none': checkStepSeeds,
  'branches that are said to be of low rank are': checkLowRank,
  'takes other classes': checkNovelClasses,
  'leaves no tensor behind': (subject) => part.demandNoLeaks(learning(subject)),
};

function checkTowers({ plugin, options, backbone }: TuningSubject): void {
  const { tunesText, tunesVision } = plugin.properties(options);
  const tuning = plugin.create(contextOf(backbone), options);
  tf.tidy(() => {
    const { text, vision } = tuning.towers(1);
    demand(
      (text !== undefined) === tunesText,
      `It gives ${text ? 'a' : 'no'} text tuning, but says tunesText: ${tunesText}.`,
    );
    demand(
      (vision !== undefined) === tunesVision,
      `It gives ${vision ? 'a' : 'no'} vision tuning, but says tunesVision: ${tunesVision}.`,
    );
  });
  tuning.dispose();
}

function checkStart({ plugin, options, backbone, suite }: TuningSubject): void {
  const frozen = compose(contextOf(backbone), {});
  const tuned = compose(contextOf(backbone), { tuning: { plugin, options } });
  const asFrozen = suite.startsAsFrozen?.(options) ?? true;
  part.withBatch(backbone, (batch) => {
    const difference = largest(logitsOf(tuned, batch), logitsOf(frozen, batch));
    demand(
      difference < 1e-3 === asFrozen,
      `Its logits at the start differ from those of the frozen towers by ${difference}${asFrozen ? '' : ', which is nothing'}.`,
    );
  });
  for (const classifier of [frozen, tuned]) classifier.dispose();
}

function checkBesidePrompts(subject: TuningSubject): void {
  const { plugin, options, backbone } = subject;
  const prompted = { prompt: { plugin: probeLearner }, tuning: { plugin, options } };
  part.demandGradients({ ...learning(subject), make: (seed) => compose(contextOf(backbone, { seed }), prompted) });
}

function checkFrozenFeatures({ plugin, options, backbone }: TuningSubject): void {
  const classifier = compose(contextOf(backbone), { tuning: { plugin, options } });
  jitter(classifier.variables);
  part.withBatch(backbone, (batch) => {
    const difference = tf.tidy(() =>
      largest(
        [...classifier.step(batch).frozenImageFeatures.dataSync()],
        [...backbone.encodeImages(batch.images).dataSync()],
      ),
    );
    demand(difference < 1e-4, `The frozen image features of a step are ${difference} off those of the bare backbone.`);
  });
  classifier.dispose();
}

function checkStepSeeds(subject: TuningSubject): void {
  const classifier = learning(subject).make();
  jitter(classifier.variables);
  part.withBatch(subject.backbone, (batch) => {
    const gradientsOf = (seed: number): number[] => {
      const { gradients } = classifier.gradients(batch, seed);
      const values = Object.values(gradients).flatMap((gradient) => [...gradient.dataSync()]);
      tf.dispose(Object.values(gradients));
      return values;
    };
    demand(sameValues(gradientsOf(7), gradientsOf(7)), 'The same step with the same seed has other gradients.');
    demand(sameValues(logitsOf(classifier, batch), logitsOf(classifier, batch)), 'Two evaluations give other logits.');
  });
  classifier.dispose();
}

/** Values and gradients of `apply` are those of what `lowRank` says. */
function checkLowRank({ plugin, options, backbone }: TuningSubject): void {
  const tuning = plugin.create(contextOf(backbone), options);
  jitter(tuning.variables);
  for (const seed of [undefined, 5]) {
    tf.tidy(() => {
      const { text, vision } = tuning.towers(seed);
      const blocks = [text, vision].flatMap((tower) => Object.values(tower?.blocks ?? {}));
      for (const [layer, branch] of blocks.flatMap(({ branches = {} }) => Object.entries(branches))) {
        if (!branch.lowRank) continue;
        const x = tf.randomNormal<tf.Rank.R2>([5, branch.variables[0]!.shape[1]!], 0, 1, 'float32', 3);
        const difference = largest(traced(branch.apply, branch, x), traced(lowRankOf(branch), branch, x));
        demand(difference < 1e-4, `The branch of layer "${layer}" is ${difference} off what its lowRank says.`);
      }
    });
  }
  tuning.dispose();
}

/** Values and gradients, of x and of the variables. */
function traced(apply: Branch['apply'], { variables }: Branch, x: tf.Tensor2D): number[] {
  const rows = Int32Array.of(-1, 0, 1, 7, 300);
  const of = (inputs: tf.Tensor[]) => apply(inputs[0] as tf.Tensor2D, inputs.slice(1), rows);
  const inputs = [x, ...variables.map((variable) => tf.clone(variable))];
  const { grads } = tf.engine().gradients(() => tf.sum(tf.square(of(inputs))), inputs, undefined, true);
  const gradients = grads.map((gradient, i) => (gradient as tf.Tensor | null) ?? tf.zerosLike(inputs[i]!));
  return [of(inputs), ...gradients].flatMap((tensor) => [...tensor.dataSync()]);
}

function lowRankOf({ lowRank }: Branch): Branch['apply'] {
  const { scale, dropout: dropped, inputGradient } = lowRank!;
  return (x, [a, b], rows) => {
    const read = inputGradient ? x : stopGradient(x);
    const seen = dropped ? dropout(read, rows, dropped.rate, dropped.key) : read;
    const low = tf.matMul(seen, a as tf.Tensor2D, false, true);
    return tf.mul<tf.Tensor2D>(tf.matMul(low, b as tf.Tensor2D, false, true), scale);
  };
}

/** The text tower is tuned for whatever text: other classes get what a classifier made for them would give. */
function checkNovelClasses({ plugin, options, backbone }: TuningSubject): void {
  const tuning = { plugin, options };
  const base = compose(contextOf(backbone), { tuning });
  jitter(base.variables);
  const made = compose(contextOf(backbone, { names: novelNames }), { tuning });
  for (const [name, variable] of Object.entries(base.variables)) made.variables[name]!.assign(variable);
  part.withBatch(backbone, (batch) => {
    const swapped = base.withClasses(novelNames);
    const difference = largest(logitsOf(swapped, batch), logitsOf(made, batch));
    demand(difference < 1e-3, `Other classes get other logits than from a tuning made for them, ${difference} off.`);
    swapped.disposeOwn();
  });
  for (const classifier of [base, made]) classifier.dispose();
}

function largest(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) : Infinity;
}
