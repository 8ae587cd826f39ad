import * as tf from '@tensorflow/tfjs-core';
import { cosineHead } from '../builtin/cosine-head.js';
import { crossEntropy } from '../builtin/cross-entropy.js';
import { frozenLabels } from '../builtin/frozen-labels.js';
import { handCraftedPrompt } from '../builtin/hand-crafted-prompt.js';
import { noTuning } from '../builtin/no-tuning.js';
import { sumOfGradients } from '../builtin/sum-of-gradients.js';
import type { Backbone } from '../contracts/backbone.js';
import type { PartContext } from '../contracts/parts.js';
import type { NamedVariables } from '../contracts/variables.js';
import type { Batch } from '../contracts/step.js';
import { basicServices } from '../experiment/services.js';
import { Classifier } from '../model/classifier.js';
import { seededNormal } from '../model/maths.js';
import { encodeSentences } from '../model/reference.js';
import type {
  GradientsPlugin,
  HeadPlugin,
  LabelsPlugin,
  LossPlugin,
  PartialConfiguration,
  Plugin,
  PromptPlugin,
  TuningPlugin,
} from '../plugin/define-plugin.js';
import { combined } from '../training/accumulate.js';
import { createOptimizer } from '../training/optimizer.js';

/** A plugin and its options as a user would write them. */
export interface Chosen<P extends Plugin> {
  /** Makes the part. */
  readonly plugin: P;
  /** What its schema then parses; its defaults where it is absent. */
  readonly options?: PartialConfiguration;
  /** Weight in the total, of a loss. Default 1. */
  readonly weight?: number;
}

/** Parts of a classifier; what is absent is the default of a configuration. */
export interface Composition {
  /** Default: a hand-crafted prompt. */
  readonly prompt?: Chosen<PromptPlugin>;
  /** Default: frozen ones. */
  readonly labels?: Chosen<LabelsPlugin>;
  /** Default: the cosine. */
  readonly head?: Chosen<HeadPlugin>;
  /** Default: none. */
  readonly tuning?: Chosen<TuningPlugin>;
  /** Default: the sum of all terms. */
  readonly gradients?: Chosen<GradientsPlugin>;
  /** Default: cross-entropy alone. */
  readonly losses?: readonly Chosen<LossPlugin>[];
}

/** Names of one and of several tokens, one with an underscore. */
export const classNames: readonly string[] = ['goldfish', 'cat', 'sea_horse', 'owl'];
/** Other names, another number of them, one known. */
export const novelNames: readonly string[] = ['polar bear', 'owl', 'ant'];

/**
 * What the parts under test are made from.
 * @param backbone stays the caller's
 * @param options what may be chosen
 * @param options.seed of the start values; by default 1
 * @param options.names of the classes, by label; by default {@link classNames}
 */
export function contextOf(
  backbone: Backbone,
  { seed = 1, names = classNames }: { readonly seed?: number; readonly names?: readonly string[] } = {},
): PartContext {
  return {
    backbone,
    classNames: names,
    template: 'a drawing of a {}, an animal.',
    shots: 16,
    seed,
    folder: '.',
    encodeSentences: (sentences) => encodeSentences({ backbone }, sentences),
    services: basicServices(seed),
  };
}

/** Composes a classifier. Dispose it; the backbone stays the caller's. */
export function compose(context: PartContext, composition: Composition): Classifier {
  const {
    prompt = { plugin: handCraftedPrompt },
    labels = { plugin: frozenLabels },
    head = { plugin: cosineHead },
    tuning = { plugin: noTuning },
    gradients: rule = { plugin: sumOfGradients },
    losses = [{ plugin: crossEntropy }],
  }: Composition = composition;
  const headOptions = head.plugin.options.parse(head.options ?? {});
  const tuningOptions = tuning.plugin.options.parse(tuning.options ?? {});
  const promptOptions = prompt.plugin.options.parse(prompt.options ?? {});
  const labelsOptions = labels.plugin.options.parse(labels.options ?? {});
  return new Classifier({
    backbone: context.backbone,
    learner: prompt.plugin.create(context, promptOptions),
    learnerProperties: prompt.plugin.properties(promptOptions),
    aligner: labels.plugin.create(context, labelsOptions),
    alignerProperties: labels.plugin.properties(labelsOptions),
    head: head.plugin.create(context, headOptions),
    headProperties: head.plugin.properties(headOptions),
    tuning: tuning.plugin.create(context, tuningOptions),
    tuningProperties: tuning.plugin.properties(tuningOptions),
    rule: rule.plugin.create(context, rule.plugin.options.parse(rule.options ?? {})),
    losses: losses.map(({ plugin, options, weight = 1 }) => ({
      loss: plugin.create(context, plugin.options.parse(options ?? {})),
      weight,
    })),
  });
}

/** Seeded images of different classes. Dispose its tensors. */
export function batchFor({ shape }: Backbone, size = 3, seed = 11): Required<Pick<Batch, 'images' | 'labels'>> {
  const side = shape.vision.imageSize;
  return {
    images: seededNormal([size, 3, side, side], 1, seed, 'images') as tf.Tensor4D,
    labels: tf.tensor1d(
      Array.from({ length: size }, (_, i) => i % 3),
      'int32',
    ),
  };
}

/** Steps of SGD with momentum. Gives the total loss of each, before its update. */
export function train(classifier: Classifier, batch: Batch, steps: number, learningRate = 0.01): number[] {
  const optimizer = createOptimizer({
    optimizer: 'sgd',
    momentum: 0.9,
    weightDecay: 5e-4,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  const totals = Array.from({ length: steps }, () => {
    const { total, gradients: ofTotal, aside } = classifier.gradients(batch);
    const gradients = combined(classifier.parts.rule, ofTotal, aside);
    optimizer.apply(classifier.variables, gradients, learningRate);
    tf.dispose(Object.values(gradients));
    return total;
  });
  optimizer.dispose();
  return totals;
}

/** Moves every variable a little off its start, where losses and gradients may be 0. */
export function jitter(variables: NamedVariables, seed = 5): void {
  tf.tidy(() => {
    for (const [name, variable] of Object.entries(variables)) {
      const size = sizeOfValues(variable);
      variable.assign(tf.add(variable, seededNormal(variable.shape, 0.2 * size + 0.005, seed, `jitter ${name}`)));
    }
  });
}

/** Root mean square of a tensor's values. */
export function sizeOfValues(tensor: tf.Tensor): number {
  return tf.tidy(() => Math.sqrt(tf.mean(tf.square(tensor)).dataSync()[0]!));
}

/** Logits of a batch with the present values of the variables, [B · C]. */
export function logitsOf(classifier: Classifier, batch: Batch): number[] {
  const predictor = classifier.predictor();
  const logits = predictor.logits(batch);
  const values = [...logits.dataSync()];
  tf.dispose(logits);
  predictor.dispose();
  return values;
}

/** Copies of all values. */
export function valuesOf(variables: NamedVariables): Record<string, number[]> {
  return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, [...variable.dataSync()]]));
}

/** True where both are the same bit for bit. */
export function sameValues(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
