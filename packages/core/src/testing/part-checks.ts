import * as tf from '@tensorflow/tfjs-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backbone } from '../contracts/backbone.js';
import type { NamedVariables } from '../contracts/variables.js';
import type { Classifier } from '../model/classifier.js';
import { loadLearned, saveLearned } from '../training/learned-file.js';
import { demandSameBackbone } from './backbone-print.js';
import { batchFor, jitter, logitsOf, sameValues, sizeOfValues, train, valuesOf } from './compose.js';
import { demand } from './conformance-error.js';
import { checkGradients } from './finite-differences.js';
import type { ParsedOptions, VariableFacts } from './suite.js';
import { demandNoneLeft } from './tensors-left.js';

/** A learning part under test: how to compose a classifier with it, which of the variables are its own, and what is known of them. */
export interface LearningPart {
  readonly backbone: Backbone;
  readonly options: ParsedOptions;
  readonly facts: VariableFacts;
  make(seed?: number): Classifier;
  own(classifier: Classifier): NamedVariables;
}

/** Gradient reaches the declared variables, all but those that are known to get none, and there are no others. */
export function demandGradients(part: LearningPart): void {
  const registered = () => Object.values(tf.engine().registeredVariables);
  const before = new Set(registered());
  const classifier = part.make();
  const declared = new Set<tf.Variable>(Object.values(classifier.values));
  const hidden = registered().find((variable) => !before.has(variable) && !declared.has(variable));
  demand(!hidden, `It makes a variable of shape [${hidden?.shape.join(', ')}] that it does not declare.`);
  jitter(classifier.variables);
  withBatch(part.backbone, (batch) => {
    if (Object.keys(classifier.variables).length === 0) return;
    const { gradients } = classifier.gradients(batch);
    for (const [name, variable] of Object.entries(part.own(classifier))) {
      const gradient = gradients[name];
      if (part.facts.withoutGradient?.(name, part.options)) {
        demand(!gradient, `"${name}" gets a gradient, but should get none.`);
        continue;
      }
      demand(gradient !== undefined, `No gradient reaches the variable "${name}".`);
      demand(gradient.shape.join() === variable.shape.join(), `The gradient of "${name}" has another shape than it.`);
      const size = sizeOfValues(gradient);
      demand(size > 0 && Number.isFinite(size), `The gradient of "${name}" has the size ${size}.`);
    }
    tf.dispose(Object.values(gradients));
  });
  classifier.dispose();
}

/** The gradient is the derivative of the loss. */
export function demandDerivatives(part: LearningPart): void {
  const classifier = part.make();
  jitter(classifier.variables);
  withBatch(part.backbone, (batch) => {
    const own = part.own(classifier);
    const skip = (name: string) =>
      !(name in own) ||
      (part.facts.withoutGradient?.(name, part.options) ?? false) ||
      (part.facts.stoppedGradient?.(name, part.options) ?? false);
    if (Object.keys(own).some((name) => !skip(name))) checkGradients(classifier, batch, { skip });
  });
  classifier.dispose();
}

/** Cross-entropy is a mean over images, so a batch's loss and gradients are the means of those of its images on their own. */
export function demandMeanOverImages(part: LearningPart): void {
  const classifier = part.make();
  jitter(classifier.variables);
  withBatch(part.backbone, (batch) => {
    if (Object.keys(classifier.variables).length === 0) return;
    const size = batch.labels.size;
    const together = classifier.gradients(batch);
    const single = Array.from({ length: size }, (_, i) => {
      const image = { images: tf.slice(batch.images, i, 1), labels: tf.slice(batch.labels, i, 1) };
      const outcome = classifier.gradients(image);
      tf.dispose(Object.values(image));
      return outcome;
    });
    const mean = single.reduce((sum, { total }) => sum + total, 0) / size;
    const loss = together.total;
    demand(Math.abs(loss - mean) < 1e-4 * (1 + Math.abs(loss)), `A batch's loss is ${loss}, its images' mean ${mean}.`);
    for (const [name, gradient] of Object.entries(together.gradients)) {
      const difference = tf.tidy(() => {
        const ofImages = single.map(({ gradients }) => gradients[name] ?? tf.zerosLike(gradient));
        return sizeOfValues(tf.sub(gradient, tf.div(tf.addN(ofImages), size))) / sizeOfValues(gradient);
      });
      demand(difference < 1e-3, `The gradient of "${name}" is not the mean of its images': ${difference} off.`);
    }
    for (const { gradients } of [together, ...single]) tf.dispose(Object.values(gradients));
  });
  classifier.dispose();
}

/** Training steps leave the backbone as it was. */
export function demandFrozenBackbone(part: LearningPart): void {
  demandSameBackbone(part.backbone, () => {
    const classifier = part.make();
    withBatch(part.backbone, (batch) => trainIfPossible(classifier, batch, 2));
    classifier.dispose();
  });
}

/** What was learned, written to a file and read into a part of another seed, gives the same logits bit for bit. */
export async function demandSaveAndLoad(part: LearningPart): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  const path = join(folder, 'learned.safetensors');
  const [trained, fresh] = [part.make(1), part.make(2)];
  const batch = batchFor(part.backbone);
  try {
    trainIfPossible(trained, batch, 2);
    const expected = logitsOf(trained, batch);
    await saveLearned(path, trained, { configuration: {}, template: '', folder, step: 2 });
    await loadLearned(path, fresh);
    demand(sameValues(logitsOf(fresh, batch), expected), 'It gives other logits after saving and loading.');
  } finally {
    trained.dispose();
    fresh.dispose();
    tf.dispose(Object.values(batch));
    await rm(folder, { recursive: true });
  }
}

/** One seed gives the same bits, start values and trained ones; another seed gives others where values are drawn. */
export function demandSeeds(part: LearningPart): void {
  const run = (seed: number) => {
    const classifier = part.make(seed);
    const start = valuesOf(part.own(classifier));
    withBatch(part.backbone, (batch) => trainIfPossible(classifier, batch, 2));
    const end = valuesOf(part.own(classifier));
    classifier.dispose();
    return { start, end };
  };
  const [first, again, other] = [run(1), run(1), run(2)];
  for (const [name, values] of Object.entries(first.start)) {
    demand(sameValues(values, again.start[name]!), `"${name}" starts from other values for the same seed.`);
    demand(sameValues(first.end[name]!, again.end[name]!), `"${name}" is trained to other bits for the same seed.`);
    const fixed = part.facts.fixedStart?.(name, part.options) ?? false;
    demand(
      sameValues(values, other.start[name]!) === fixed,
      fixed
        ? `"${name}" depends on the seed, but should not.`
        : `"${name}" starts from the same values for every seed.`,
    );
  }
}

/** Neither steps nor evaluation nor making and disposing leave tensors behind. */
export function demandNoLeaks(part: LearningPart): void {
  withBatch(part.backbone, (batch) => {
    demandNoneLeft('Making, training, evaluating and disposing it', () => {
      const classifier = part.make();
      trainIfPossible(classifier, batch, 1); // what is computed once may stay until dispose
      logitsOf(classifier, batch);
      demandNoneLeft('A training step', () => trainIfPossible(classifier, batch, 1));
      demandNoneLeft('An evaluation', () => logitsOf(classifier, batch));
      classifier.dispose();
    });
  });
}

/** Runs `work` with a batch and frees it. */
export function withBatch(backbone: Backbone, work: (batch: ReturnType<typeof batchFor>) => void): void {
  const batch = batchFor(backbone);
  try {
    work(batch);
  } finally {
    tf.dispose(Object.values(batch));
  }
}

export function trainIfPossible(classifier: Classifier, batch: ReturnType<typeof batchFor>, steps: number): void {
  if (Object.keys(classifier.variables).length > 0) train(classifier, batch, steps);
}
