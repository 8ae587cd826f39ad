import * as tf from '@tensorflow/tfjs-core';
import {
  completeChoice,
  composeClassifier,
  ConfigError,
  type Backbone,
  type Classifier,
  type Registry,
  type ResolvedPart,
} from '@promptweave/core';

/** A combination of parts whose training step is timed, with the papers' batch sizes. */
export interface SpeedMethod {
  readonly prompt: ResolvedPart;
  readonly labels: ResolvedPart;
  readonly losses?: readonly { readonly use: string; readonly [option: string]: unknown }[];
  readonly batch: number;
  /** Image features come from a cache, so that the vision tower does not run. */
  readonly cached?: boolean;
}

/** The methods that `promptweave bench speed` knows, for towers of so many blocks. */
function speedMethods(layers: number): Readonly<Record<string, SpeedMethod>> {
  const coop = { use: 'coop', contextLength: 16, contextInit: '' };
  const depth = Math.min(9, layers);
  const maple = { use: 'maple', depth };
  const comma = { use: 'comma', depth };
  const frozen = { use: 'frozen' };
  const lamm = { use: 'lamm' };
  const everyPosition = [{ use: 'cross-entropy' }, { use: 'comma/knowledge', tokens: 'all' }];
  return {
    coop: { prompt: coop, labels: frozen, batch: 32 },
    'coop-cached': { prompt: coop, labels: frozen, batch: 32, cached: true },
    lamm: { prompt: { use: 'none' }, labels: lamm, batch: 32 },
    'lamm-cached': { prompt: { use: 'none' }, labels: lamm, batch: 32, cached: true },
    maple: { prompt: maple, labels: frozen, batch: 4 },
    comma: { prompt: comma, labels: frozen, batch: 4 },
    'comma-all': { prompt: comma, labels: frozen, losses: everyPosition, batch: 4 },
    'maple+lamm': { prompt: maple, labels: lamm, batch: 4 },
  };
}

/**
 * A method by its name, for a backbone.
 * @throws ConfigError where there is none of that name.
 */
export function speedMethodNamed(name: string, { text, vision }: Backbone['shape']): SpeedMethod {
  const methods = speedMethods(Math.min(text.layers, vision.layers));
  const method = methods[name];
  if (method) return method;
  throw new ConfigError(`There is no method named "${name}" to time.`, {
    where: '--method',
    remedy: `Take one of: ${Object.keys(methods).join(', ')}.`,
  });
}

/** Times of some training steps. */
export interface StepTimes {
  /** Seconds of each step after the warm-up, forward, backward and reading the loss. */
  readonly seconds: readonly number[];
  /** CPU seconds of each step, all threads. */
  readonly cpuSeconds: readonly number[];
  /** Largest resident memory of the process, bytes. */
  readonly peakBytes: number;
  readonly loss: number;
}

/** What is timed. */
export interface StepRequest {
  readonly method: SpeedMethod;
  readonly classes: number;
  readonly batch?: number;
  readonly repeats: number;
}

/** Runs training steps on random images and times them; the first one warms up and is not counted. */
export function measureStep(registry: Registry, backbone: Backbone, request: StepRequest): StepTimes {
  const { method, classes, repeats } = request;
  const batchSize = request.batch ?? method.batch;
  const classNames = classNamesOf(classes);
  const context = { backbone, classNames, template: 'a photo of a {}.', shots: 16, seed: 1 };
  const classifier = composeClassifier(registry, context, completeChoice(registry, method));
  const batch = randomBatch(backbone, batchSize, classes, method.cached === true);
  const seconds: number[] = [];
  const cpuSeconds: number[] = [];
  let loss = 0;
  for (let i = 0; i <= repeats; i++) {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    loss = oneStep(classifier, batch);
    if (i === 0) continue;
    seconds.push((performance.now() - begun) / 1000);
    const { user, system } = process.cpuUsage(cpu);
    cpuSeconds.push((user + system) / 1e6);
  }
  tf.dispose(Object.values(batch));
  classifier.dispose();
  return { seconds, cpuSeconds, peakBytes: process.resourceUsage().maxRSS * 1024, loss };
}

function oneStep(
  classifier: Classifier,
  batch: { images?: tf.Tensor4D; features?: tf.Tensor2D; labels: tf.Tensor1D },
): number {
  const { gradients, total } = classifier.gradients(batch);
  tf.dispose(Object.values(gradients));
  return total;
}

/** Names of one to four words, ragged as real ones are. */
function classNamesOf(count: number): string[] {
  const words = ['amber', 'basin', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heron'];
  return Array.from({ length: count }, (_, c) => {
    const length = [1, 2, 1, 3, 2, 1, 4, 2][c % 8]!;
    return Array.from({ length }, (_, i) => words[(c + 3 * i) % words.length]!).join(' ');
  });
}

function randomBatch(backbone: Backbone, size: number, classes: number, cached: boolean) {
  const { imageSize } = backbone.shape.vision;
  const labels = tf.tensor1d(
    Array.from({ length: size }, (_, i) => i % classes),
    'int32',
  );
  if (cached)
    return { features: tf.randomNormal([size, backbone.shape.embedding], 0, 1, 'float32', 7) as tf.Tensor2D, labels };
  return { images: tf.randomNormal([size, 3, imageSize, imageSize], 0, 1, 'float32', 7) as tf.Tensor4D, labels };
}

/** GFLOP/s of the vision tower's forward and backward pass with 2 prompts, and of a large matrix product. */
export function measureVisionTower(
  backbone: Backbone,
  batch: number,
  repeats: number,
): { readonly tower: number; readonly peak: number } {
  const { width, layers, imageSize, patchSize } = backbone.shape.vision;
  const images = tf.randomNormal([batch, 3, imageSize, imageSize], 0, 1, 'float32', 7) as tf.Tensor4D;
  const prompt = tf.variable(tf.randomNormal([2, width], 0, 0.02, 'float32', 8)) as tf.Variable<tf.Rank.R2>;
  const run = () => {
    const { value, grads } = tf.variableGrads(
      () => tf.sum(backbone.encodeImages(images, { shallow: prompt, deep: [] })),
      [prompt],
    );
    value.dataSync();
    for (const gradient of Object.values(grads)) gradient.dataSync();
    tf.dispose([value, grads]);
  };
  const length = 1 + Math.floor(imageSize / patchSize) ** 2 + 2;
  const rows = batch * length;
  // Of the last block, keys and values alone are computed for all rows.
  const flops = 2 * (layers - 1 + 1 / 6) * (24 * width ** 2 * rows + 4 * width * rows * length);
  const a = tf.randomNormal([1024, 1024]) as tf.Tensor2D;
  const product = () => tf.tidy(() => void tf.matMul(a, a).dataSync());
  run();
  product();
  let tower = Infinity;
  let peak = Infinity;
  for (let i = 0; i < repeats; i++) {
    tower = Math.min(tower, secondsOf(run));
    for (let j = 0; j < 5; j++) peak = Math.min(peak, secondsOf(product));
  }
  tf.dispose([images, prompt, a]);
  return { tower: flops / tower / 1e9, peak: (2 * 1024 ** 3) / peak / 1e9 };
}

function secondsOf(run: () => void): number {
  const begun = performance.now();
  run();
  return (performance.now() - begun) / 1000;
}
