import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, type Backbone, type Batch } from '@promptweave/core';
import {
  completeChoice,
  composeClassifier,
  type Classifier,
  type Registry,
  type ResolvedPart,
} from '@promptweave/core/experiment';

/** A combination of parts whose training step is timed, with the papers' batch sizes. */
export interface SpeedMethod {
  readonly prompt: ResolvedPart;
  readonly labels: ResolvedPart;
  readonly tuning?: ResolvedPart;
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
    // Frozen towers with a backward pass through both, which tunings are to be compared with.
    ivlp: { prompt: { use: 'ivlp', depth: 1, visionDepth: 1 }, labels: frozen, batch: 32 },
    lora: { prompt: { use: 'none' }, labels: frozen, tuning: { use: 'lora' }, batch: 32 },
    'layer-norm': { prompt: { use: 'none' }, labels: frozen, tuning: { use: 'layer-norm' }, batch: 32 },
  };
}

/** Names of the methods that can be timed. */
export const speedMethodNames: readonly string[] = Object.keys(speedMethods(1));

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
    remedy: `Take one of: ${speedMethodNames.join(', ')}.`,
  });
}

/** Times of some training steps. */
export interface StepTimes {
  /** Seconds of each counted step: forward, backward and reading the loss. */
  readonly seconds: readonly number[];
  /** The same with known image features: the text part alone. */
  readonly textSeconds: readonly number[];
  /** CPU seconds of each whole step, all threads. */
  readonly cpuSeconds: readonly number[];
  /** Largest resident memory of the process, bytes. */
  readonly peakBytes: number;
  /** Classes that were computed together; all but where the dense reference has too many for the memory. */
  readonly together: number;
}

/** What is timed. */
export interface StepRequest {
  readonly method: SpeedMethod;
  readonly classes: number;
  readonly batch?: number;
  readonly repeats: number;
  /**
   * Classes that are computed together, forward and backward, one group after the other. For the dense reference, whose automatic
   * differentiation needs 0.3 GB a class of ViT-B/16: classes do not see each other, so the work is that of all classes at once, down to
   * the softmax. Default: all.
   */
  readonly together?: number;
}

/** Runs training steps on random images and times them; the first one warms up and is not counted. */
export function measureStep(registry: Registry, backbone: Backbone, request: StepRequest): StepTimes {
  const { method, classes, repeats, together = classes } = request;
  const names = classNamesOf(classes);
  const groups = Array.from({ length: Math.ceil(classes / together) }, (_, i) =>
    names.slice(i * together, (i + 1) * together),
  );
  const classifiers = groups.map((classNames) => {
    const context = { backbone, classNames, template: 'a photo of a {}.', shots: 16, seed: 1 };
    return composeClassifier(registry, context, completeChoice(registry, method));
  });
  const size = request.batch ?? method.batch;
  const smallest = Math.min(...groups.map(({ length }) => length));
  const whole = randomBatch(backbone, size, smallest, method.cached === true);
  const textOnly = randomBatch(backbone, size, smallest, true);
  const [first, ...others] = classifiers.map((classifier) => (batch: Batch) => oneStep(classifier, batch));
  const times = { seconds: [] as number[], textSeconds: [] as number[], cpuSeconds: [] as number[] };
  first!(whole);
  for (let i = 0; i < repeats; i++) {
    const begin = timed(() => first!(whole)); // the images go through their tower once, with the first group
    const text = timed(() => first!(textOnly));
    const rest = timed(() => others.forEach((group) => group(textOnly)));
    times.seconds.push(begin.seconds + rest.seconds);
    times.cpuSeconds.push(begin.cpu + rest.cpu);
    times.textSeconds.push(text.seconds + rest.seconds);
  }
  tf.dispose([Object.values(whole), Object.values(textOnly)] as tf.TensorContainer);
  for (const classifier of classifiers) classifier.dispose();
  return { ...times, together, peakBytes: process.resourceUsage().maxRSS * 1024 };
}

function oneStep(classifier: Classifier, batch: Batch): void {
  tf.dispose(Object.values(classifier.gradients(batch, 1).gradients)); // with a seed, so that dropout counts
}

function timed(run: () => void): { seconds: number; cpu: number } {
  const before = process.cpuUsage();
  const begun = performance.now();
  run();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, cpu: (user + system) / 1e6 };
}

/** Names of one to four words, ragged as real ones are. */
export function classNamesOf(count: number): string[] {
  const words = ['amber', 'basin', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heron'];
  return Array.from({ length: count }, (_, c) => {
    const length = [1, 2, 1, 3, 2, 1, 4, 2][c % 8]!;
    return Array.from({ length }, (_, i) => words[(c + 3 * i) % words.length]!).join(' ');
  });
}

function randomBatch(backbone: Backbone, size: number, classes: number, cached: boolean): Batch {
  const { imageSize } = backbone.shape.vision;
  const labels = tf.tensor1d(
    Array.from({ length: size }, (_, i) => i % classes),
    'int32',
  );
  if (cached)
    return { features: tf.randomNormal([size, backbone.shape.embedding], 0, 1, 'float32', 7) as tf.Tensor2D, labels };
  return { images: tf.randomNormal([size, 3, imageSize, imageSize], 0, 1, 'float32', 7) as tf.Tensor4D, labels };
}
