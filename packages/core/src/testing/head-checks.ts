import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { HeadMaterial, LabelledFeatures } from '../contracts/head.js';
import type { Classifier } from '../model/classifier.js';
import { keptOutcome } from '../model/kept-outcome.js';
import { keepCopy } from '../model/maths.js';
import type { HeadPlugin } from '../plugin/define-plugin.js';
import { disposeMaterial } from '../training/head-material.js';
import { loadLearned, saveLearned } from '../training/learned-file.js';
import { createOptimizer } from '../training/optimizer.js';
import { loadResume, saveResume } from '../training/resume-file.js';
import {
  batchFor,
  classNames,
  compose,
  contextOf,
  jitter,
  logitsOf,
  novelNames,
  sameValues,
  valuesOf,
} from './compose.js';
import { demand } from './conformance-error.js';
import * as part from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import { imageProbeLearner, probeLearner } from './probe-learner.js';
import type { Checks, Subject, Suite, VariableFacts } from './suite.js';

/** What the checks of a head need to know. */
export interface HeadSuite extends Suite, VariableFacts {}

type HeadSubject = Subject<HeadPlugin, HeadSuite>;

/** The head on a learner that prompts as much as the head allows. */
function unprepared({ backbone, plugin, options }: HeadSubject, seed?: number): Classifier {
  const { readsText, needsConstantImages, readsPromptRows } = plugin.properties(options);
  const prompt = readsText && (!needsConstantImages || readsPromptRows) ? { prompt: { plugin: probeLearner } } : {};
  return compose(contextOf(backbone, { seed }), { ...prompt, head: { plugin, options } });
}

/** The same, prepared for training where it wants to be. */
function prepared(subject: HeadSubject, seed?: number): Classifier {
  const classifier = unprepared(subject, seed);
  withMaterial(subject, classifier, (material) => classifier.parts.head.prepare?.(material));
  return classifier;
}

const learning = (subject: HeadSubject): part.LearningPart => ({
  backbone: subject.backbone,
  options: subject.options,
  facts: subject.suite,
  make: (seed) => prepared(subject, seed),
  own: (classifier) => classifier.parts.head.variables,
});

/** What every head must do. */
export const headChecks: Checks<HeadSubject> = {
  ...pluginChecks,
  'gives logits of every image for every class, before it is prepared and after it': checkLogits,
  'gradient reaches exactly the declared variables': (subject) => part.demandGradients(learning(subject)),
  'the gradient is the derivative of the loss (finite differences)': (subject) =>
    part.demandDerivatives(learning(subject)),
  'a batch counts as its images do on their own': (subject) => part.demandMeanOverImages(learning(subject)),
  'training leaves the backbone unchanged': (subject) => part.demandFrozenBackbone(learning(subject)),
  'the same seed gives the same bits, another seed others': (subject) => part.demandSeeds(learning(subject)),
  'what was learned and fitted is saved, and loaded by one that was never prepared': checkSaveAndLoad,
  'an interrupted training goes on with the same bits': checkResume,
  'takes other classes as it says': checkOtherClasses,
  'takes a text of each image, or says that it does not': checkTextOfImages,
  'leaves no tensor behind': (subject) => part.demandNoLeaks(learning(subject)),
};

function checkLogits(subject: HeadSubject): void {
  const learns = subject.plugin.properties(subject.options).learns !== false;
  const classifier = unprepared(subject);
  const { head } = classifier.parts;
  demand(head.classNames.join() === classNames.join(), 'Its class names are not those that it was made for.');
  const look = (when: string): void =>
    part.withBatch(subject.backbone, (batch) => {
      tf.tidy(() => {
        const step = classifier.step(batch);
        for (const logits of [step.logits, step.answers]) demandLogits(logits, step.batchSize, when);
      });
      const single = logitsOf(classifier, {
        images: tf.tidy(() => tf.slice(batch.images, 0, 1)),
        labels: batch.labels,
      });
      const all = logitsOf(classifier, batch).slice(0, classNames.length);
      demand(sameValues(single, all), 'The logits of an image depend on the others.');
    });
  look('before it is prepared');
  withMaterial(subject, classifier, (material) => head.prepare?.(material));
  look('after it');
  demand(
    Object.keys(head.variables).length > 0 === learns,
    `It has ${Object.keys(head.variables).length} variables, but its properties say learns: ${learns}.`,
  );
  withMaterial(subject, classifier, (material) => head.finish?.(material));
  look('after its training');
  classifier.dispose();
}

function demandLogits(logits: tf.Tensor2D, images: number, when: string): void {
  const { shape } = logits;
  demand(
    shape.join() === `${images},${classNames.length}`,
    `Its logits have the shape [${shape.join(', ')}] ${when}, expected [${images}, ${classNames.length}].`,
  );
  demand(logits.dataSync().every(Number.isFinite), `Its logits are not finite ${when}.`);
}

async function checkSaveAndLoad(subject: HeadSubject): Promise<void> {
  const [trained, fresh] = [prepared(subject, 1), unprepared(subject, 2)];
  const batch = batchFor(subject.backbone);
  await inFolder(async (folder) => {
    part.trainIfPossible(trained, batch, 2);
    trained.parts.head.endEpoch?.();
    withMaterial(subject, trained, (material) => trained.parts.head.finish?.(material));
    const path = join(folder, 'learned.safetensors');
    await saveLearned(path, trained, { configuration: {}, template: '', folder, step: 2 });
    await loadLearned(path, fresh);
    const [values, loaded] = [valuesOf(trained.values), valuesOf(fresh.values)];
    demand(Object.keys(values).join() === Object.keys(loaded).join(), 'It has other values after loading.');
    for (const [name, of] of Object.entries(values)) {
      demand(sameValues(of, loaded[name]!), `"${name}" has other values after saving and loading.`);
    }
    demand(
      sameValues(logitsOf(fresh, batch), logitsOf(trained, batch)),
      'It gives other logits after saving and loading.',
    );
  });
  for (const classifier of [trained, fresh]) classifier.dispose();
  tf.dispose(Object.values(batch));
}

/** Two steps, the end of an epoch, and two steps more: at once, and with a file between the two. */
async function checkResume(subject: HeadSubject): Promise<void> {
  const batch = batchFor(subject.backbone);
  const optimizer = () =>
    createOptimizer({ optimizer: 'adam', momentum: 0, weightDecay: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  const epoch = (classifier: Classifier, by: ReturnType<typeof optimizer>): void => {
    for (let step = 0; step < 2 && Object.keys(classifier.variables).length > 0; step++) {
      const { gradients } = classifier.gradients(batch, 7 + step);
      by.apply(classifier.variables, gradients, 0.01);
      tf.dispose(Object.values(gradients));
    }
    classifier.parts.head.endEpoch?.();
  };
  const [once, before, after] = [prepared(subject, 1), prepared(subject, 1), unprepared(subject, 1)];
  const [ofOnce, ofBefore, ofAfter] = [optimizer(), optimizer(), optimizer()];
  for (let e = 0; e < 3; e++) epoch(once, ofOnce);
  await inFolder(async (folder) => {
    const path = join(folder, 'resume.safetensors');
    for (let e = 0; e < 2; e++) epoch(before, ofBefore);
    const phase = { number: 0, epoch: 0, step: 0 };
    const progress = { epoch: 2, offset: 0, step: 4, seconds: 0, phase };
    await saveResume(path, { classifier: before, optimizer: ofBefore, progress, identity: {} });
    await loadResume(path, after, () => ({ optimizer: ofAfter }), {});
  });
  epoch(after, ofAfter);
  const [expected, found] = [valuesOf(once.values), valuesOf(after.values)];
  for (const [name, of] of Object.entries(expected)) {
    demand(sameValues(of, found[name] ?? []), `"${name}" has other values where its training was interrupted.`);
  }
  for (const one of [once, before, after, ofOnce, ofBefore, ofAfter]) one.dispose();
  tf.dispose(Object.values(batch));
}

/** The order of the classes must not matter; a class that it knows keeps its logits; what it does for others, it says. */
function checkOtherClasses(subject: HeadSubject): void {
  const { novelClasses } = subject.plugin.properties(subject.options);
  const base = prepared(subject);
  jitter(base.variables);
  part.withBatch(subject.backbone, (batch) => {
    const logits = rowsOf(logitsOf(base, batch), classNames.length);
    const reversed = base.withClasses([...classNames].reverse());
    const expected = logits.map((row) => [...row].reverse());
    demandClose('Reversing the classes does not reverse the logits', logitsOf(reversed, batch), expected.flat());
    reversed.disposeOwn();
    if (novelClasses === 'trained only') return;
    const other = base.withClasses(novelNames);
    const ofOthers = rowsOf(logitsOf(other, batch), novelNames.length);
    demand(ofOthers.flat().every(Number.isFinite), 'Its logits for other classes are not finite.');
    if (novelClasses === 'cosine') {
      const cosine = tf.tidy(() => [...other.step(batch).cosineLogits.dataSync()]);
      demandClose('Other classes do not get the cosine', ofOthers.flat(), cosine);
    } else {
      const known = novelNames.findIndex((name) => classNames.includes(name));
      const place = classNames.indexOf(novelNames[known]!);
      const [there, here] = [ofOthers.map((row) => row[known]!), logits.map((row) => row[place]!)];
      demandClose(`The class "${novelNames[known]}" has other logits among others`, there, here);
    }
    const back = other.withClasses(classNames);
    demandClose('Its own classes get other logits after others', logitsOf(back, batch), logits.flat());
    back.disposeOwn();
    other.disposeOwn();
  });
  base.dispose();
}

function checkTextOfImages({ plugin, options, backbone }: HeadSubject): void {
  const { readsText, takesTextOfImages = true } = plugin.properties(options);
  if (!readsText || !takesTextOfImages) return;
  const prompt = { plugin: imageProbeLearner };
  const classifier = compose(contextOf(backbone), { prompt, head: { plugin, options } });
  withMaterial({ plugin, options, backbone }, classifier, (material) => classifier.parts.head.prepare?.(material));
  part.withBatch(backbone, (batch) => {
    const together = rowsOf(logitsOf(classifier, batch), classNames.length);
    tf.tidy(() => {
      const step = classifier.step(batch);
      demandLogits(step.logits, step.batchSize, 'with a text of each image');
      demandClose('A batch with a text of each image has other answers', [...step.answers.dataSync()], together.flat());
    });
    const { gradients } = classifier.gradients(batch);
    demand('probe_image' in gradients, 'No gradient reaches a prompt that depends on the image.');
    tf.dispose(Object.values(gradients));
  });
  classifier.dispose();
}

/** Seeded features of some images, as the head's properties want them. */
function withMaterial(
  { plugin, options, backbone }: Pick<HeadSubject, 'plugin' | 'options' | 'backbone'>,
  classifier: Classifier,
  use: (material: HeadMaterial) => void,
): void {
  const { prepares } = plugin.properties(options);
  if (!prepares) return;
  const features = (views: number, seed: number): LabelledFeatures => {
    const batches = Array.from({ length: views }, (_, view) => batchFor(backbone, 2 * classNames.length, seed + view));
    const encoded = batches.map(({ images }) => keptOutcome(() => keepCopy(backbone.encodeImages(images))));
    tf.dispose(batches.map((batch) => ({ ...batch })));
    const labels = Array.from({ length: 2 * classNames.length }, (_, i) => i % classNames.length);
    return { views: encoded, labels: tf.tensor1d(labels, 'int32') };
  };
  const texts = keptOutcome(() =>
    keepCopy(
      classifier.parts.learnerProperties.dependsOnImage
        ? tf.zeros<tf.Rank.R2>([classNames.length, backbone.shape.embedding])
        : classifier.step({ labels: tf.tensor1d([0], 'int32') }).texts[0]!.features,
    ),
  );
  const { logitScale } = backbone;
  const train = features(Math.max(1, prepares.views), 31);
  const material = { train, ...(prepares.validation && { validation: features(1, 71) }), texts, logitScale };
  try {
    use(material);
  } finally {
    disposeMaterial(material);
  }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function rowsOf(values: readonly number[], length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));
}

function demandClose(what: string, actual: readonly number[], expected: readonly number[]): void {
  const largest = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  demand(actual.length === expected.length && largest < 1e-3, `${what}: they differ by ${largest}.`);
}
