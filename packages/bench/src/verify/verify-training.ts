import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, type HostTensor, type RecordedMoment, type StateDict } from '@promptweave/core';
import {
  combined,
  createOptimizer,
  EpochAverage,
  epochWeights,
  learningRateFactors,
  type Classifier,
  type Optimizer,
} from '@promptweave/core/experiment';
import { compare, missing, TOLERANCES, type TensorComparison, type Tolerances } from './comparison.js';
import type { ComposedFixture } from './compose-fixture.js';
import type { FixtureRun, FixtureSet, RunDescription } from './fixture-set.js';
import { observeForward, observeLosses, observeParts, type Observations } from './observe.js';
import { recordedMaterial } from './recorded-material.js';

/** Repeats a recorded training run step by step and compares everything that was recorded. */
export function verifyTraining(
  set: FixtureSet,
  run: FixtureRun,
  { classifier, observers, average }: ComposedFixture,
  tolerances = TOLERANCES.float32,
): TensorComparison[] {
  const { optimizer: settings, labels_key, hyper, lr_of, trainable_without_gradient } = run.description;
  const { head, rule } = classifier.parts;
  const seen: Observations = new Map();
  const batchOf = (k: number, labels = [...set.batches.get(`step${k}/${labels_key}`)!.data()]) => ({
    images: toTensor(set.batches.get(`step${k}/images`)!) as tf.Tensor4D,
    labels: tf.tensor1d(labels, 'int32'),
  });
  const material = recordedMaterial(run, classifier);
  const observe = (moment: Pick<RecordedMoment, 'at' | 'step' | 'outcome'>, prefix = ''): void => {
    const pass = (k: number) => classifier.step(batchOf(k));
    add(seen, observeParts(observers, { ...moment, inputs: run.inputs, ...(material && { material }), pass }, prefix));
  };
  const observeNow = (at: RecordedMoment['at']): void =>
    tf.tidy(() => observe({ at, step: classifier.step(batchOf(1)) }));

  if (material) head.prepare?.(material);
  observeNow('start');
  const extra: TensorComparison[] = startAsRecorded(run, classifier);
  const factors = learningRateFactors(classifier);
  for (const [name, rate] of Object.entries(lr_of ?? {})) {
    extra.push(compare(`learning rate of ${name}`, [settings.lr * (factors[name] ?? 1)], [rate]));
  }
  const optimizer = recordedOptimizer(run.description);
  const perEpoch = hyper.epochs === undefined ? Infinity : Number(hyper.batches_per_epoch);
  const mean = average && new EpochAverage(average, Number(hyper.epochs));
  for (let k = 1; k <= settings.steps; k++) {
    const batch = batchOf(k);
    const outcome = classifier.gradients(batch);
    add(seen, observeLosses(outcome, `step${k}/`));
    tf.tidy(() => {
      const step = classifier.step(batch);
      add(seen, observeForward(step, `step${k}/`, k === 1));
      observe({ at: 'step', step, outcome }, `step${k}/`);
    });
    const gradients = combined(rule, outcome.gradients, outcome.aside);
    for (const [name, gradient] of Object.entries(gradients)) addParameter(seen, `grad${k}`, name, gradient);
    for (const name of trainable_without_gradient) {
      extra.push({ ...compare(`step${k}/no gradient in ${name}`, [name in gradients ? 1 : 0], [0]) });
    }
    optimizer.apply(classifier.variables, gradients, settings.lr, factors);
    const norms = run.description.parameter_norm_after_each_step?.[k - 1] ?? {};
    for (const [name, norm] of Object.entries(norms)) {
      const variable = classifier.variables[name];
      const actual = variable ? tf.tidy(() => tf.norm(variable).dataSync()) : [NaN];
      extra.push(compare(`step${k}/norm of ${name}`, actual, [norm], { tolerances }));
    }
    tf.dispose([gradients, batch]);
    if (k % perEpoch > 0) continue;
    head.endEpoch?.();
    mean?.add(classifier.variables, k / perEpoch - 1);
    observeNow('epoch');
  }
  for (const [name, variable] of Object.entries(classifier.variables)) addParameter(seen, 'final', name, variable);
  tf.tidy(() => {
    seen.set('final/eval_logits_batch1', classifier.step(batchOf(1)).answers.dataSync());
  });
  observeNow('end');
  if ([...run.expected.keys()].some((name) => name.startsWith('same_label/'))) {
    const label = set.batches.get(`step1/${labels_key}`)!.data()[0]!;
    const sameLabel = batchOf(1, new Array<number>(set.batches.get(`step1/${labels_key}`)!.shape[0]!).fill(label));
    const outcome = classifier.gradients(sameLabel);
    add(seen, observeLosses(outcome, 'same_label/'));
    tf.tidy(() => observe({ at: 'step', step: classifier.step(sameLabel), outcome }, 'same_label/'));
    tf.dispose([outcome.gradients, outcome.aside, sameLabel] as tf.TensorContainer);
  }
  if (mean) {
    seen.set('gpa_weights', epochWeights(average, Number(hyper.epochs)));
    mean.assign(classifier.variables);
    for (const [name, variable] of Object.entries(classifier.variables)) addParameter(seen, 'gpa', name, variable);
    tf.tidy(() => {
      seen.set('gpa/eval_logits_batch1', classifier.step(batchOf(1)).answers.dataSync());
    });
    mean.dispose();
  }
  optimizer.dispose();
  if (material) tf.dispose([[...material.train.views], material.train.labels, material.texts]);

  const how = { scale: Number(hyper.logit_scale ?? 0), tolerances };
  return [...extra, ...against(run.expected, seen, '', how), ...against(run.expected64, seen, 'float64: ', how)];
}

/** @throws ConfigError where the run has an optimiser that there is not */
function recordedOptimizer({ method, optimizer }: RunDescription): Optimizer {
  const { name = 'SGD', momentum, weight_decay: weightDecay, betas = [0.9, 0.999], eps: epsilon = 1e-8 } = optimizer;
  const known = (['sgd', 'adam', 'adamw'] as const).find((one) => one === name.toLowerCase());
  if (!known) {
    throw new ConfigError(`There is no optimiser "${name}".`, {
      where: `${method}/meta.json`,
      remedy: 'Take sgd, adam or adamw.',
    });
  }
  return createOptimizer({ optimizer: known, momentum, weightDecay, beta1: betas[0], beta2: betas[1], epsilon });
}

/** Gives every variable its recorded start value. */
function startAsRecorded(run: FixtureRun, classifier: Classifier): TensorComparison[] {
  const results: TensorComparison[] = [];
  const start = new Set<string>();
  for (const [key, tensor] of run.inputs) {
    if (!key.startsWith('init/')) continue;
    const name = key.slice('init/'.length);
    const variable = classifier.variables[name];
    if (!variable || variable.shape.join() !== tensor.shape.join()) {
      results.push(missing(key));
      continue;
    }
    start.add(name);
    tf.tidy(() => variable.assign(toTensor(tensor)));
  }
  for (const name of Object.keys(classifier.variables)) if (!start.has(name)) results.push(missing(`start of ${name}`));
  const original = run.inputs.get('fixed/fix_token');
  const trained = classifier.parts.aligner.trained?.();
  if (original)
    results.push(
      trained ? compare('fixed/fix_token', trained.original.dataSync(), original.data()) : missing('fixed/fix_token'),
    );
  return results;
}

function against(
  expected: StateDict,
  seen: Observations,
  label: string,
  how: { readonly scale: number; readonly tolerances: Tolerances },
): TensorComparison[] {
  return [...expected].map(([name, tensor]) => {
    const actual = seen.get(name);
    if (!actual) return missing(label + name);
    const values = tensor.data();
    // Anchors are kept normalised, because only their direction is ever used.
    if (!name.endsWith('origin_text_features')) return compare(label + name, actual, values, how);
    const { tolerances } = how;
    return compare(label + name, actual, normalisedRows(values, tensor.shape.at(-1)!), { tolerances });
  });
}

function normalisedRows(values: ArrayLike<number>, width: number): Float32Array {
  const result = Float32Array.from(values);
  for (let row = 0; row < result.length; row += width) {
    const part = result.subarray(row, row + width);
    const norm = Math.hypot(...part);
    part.forEach((value, i) => (part[i] = value / norm));
  }
  return result;
}

/** Large matrices are recorded by every eighth row. */
function addParameter(seen: Observations, kind: string, name: string, tensor: tf.Tensor): void {
  const values = tensor.dataSync();
  seen.set(`${kind}/${name}`, values.slice());
  const width = values.length / tensor.shape[0]!;
  const rows = Array.from({ length: Math.ceil(tensor.shape[0]! / 8) }, (_, i) => i * 8 * width);
  seen.set(
    `${kind}.rows8/${name}`,
    Float32Array.from(rows.flatMap((start) => [...values.slice(start, start + width)])),
  );
}

function add(to: Observations, from: Observations): void {
  for (const [name, values] of from) to.set(name, values);
}

function toTensor(tensor: HostTensor): tf.Tensor {
  return tf.tensor(tensor.data(), tensor.shape, 'float32');
}
