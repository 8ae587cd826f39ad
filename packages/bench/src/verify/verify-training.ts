import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor, StateDict } from '@promptweave/core';
import { createOptimizer, type Classifier } from '@promptweave/core/experiment';
import { compare, missing, type TensorComparison } from './comparison.js';
import type { FixtureRun, FixtureSet } from './fixture-set.js';
import { observeForward, observeLosses, type Observations } from './observe.js';

/** Repeats a recorded training run step by step and compares everything that was recorded. */
export function verifyTraining(set: FixtureSet, run: FixtureRun, classifier: Classifier): TensorComparison[] {
  const { optimizer: settings, labels_key, trainable_without_gradient } = run.description;
  const seen: Observations = new Map();
  const extra: TensorComparison[] = startAsRecorded(run, classifier);
  const optimizer = createOptimizer({
    optimizer: 'sgd',
    momentum: settings.momentum,
    weightDecay: settings.weight_decay,
    beta1: 0,
    beta2: 0,
    epsilon: 0,
  });
  const batchOf = (k: number, labels = [...set.batches.get(`step${k}/${labels_key}`)!.data()]) => ({
    images: toTensor(set.batches.get(`step${k}/images`)!) as tf.Tensor4D,
    labels: tf.tensor1d(labels, 'int32'),
  });
  for (let k = 1; k <= settings.steps; k++) {
    const batch = batchOf(k);
    add(seen, observeForward(classifier, run, batch, `step${k}/`, k === 1));
    const outcome = classifier.gradients(batch);
    add(seen, observeLosses(outcome, `step${k}/`));
    for (const [name, gradient] of Object.entries(outcome.gradients)) addParameter(seen, `grad${k}`, name, gradient);
    for (const name of trainable_without_gradient) {
      extra.push({ ...compare(`step${k}/no gradient in ${name}`, [name in outcome.gradients ? 1 : 0], [0]) });
    }
    optimizer.apply(classifier.variables, outcome.gradients, settings.lr);
    const norms = run.description.parameter_norm_after_each_step?.[k - 1] ?? {};
    for (const [name, norm] of Object.entries(norms)) {
      const variable = classifier.variables[name];
      const actual = variable ? tf.tidy(() => tf.norm(variable).dataSync()) : [NaN];
      extra.push(compare(`step${k}/norm of ${name}`, actual, [norm]));
    }
    tf.dispose([Object.values(outcome.gradients), batch]);
  }
  for (const [name, variable] of Object.entries(classifier.variables)) addParameter(seen, 'final', name, variable);

  const first = batchOf(1);
  const after = observeForward(classifier, run, first, '', false);
  seen.set('final/eval_logits_batch1', after.get('logits')!);
  const label = first.labels.dataSync()[0]!;
  const sameLabel = batchOf(1, new Array<number>(first.labels.size).fill(label));
  const outcome = classifier.gradients(sameLabel);
  add(seen, observeLosses(outcome, 'same_label/'));
  tf.dispose([Object.values(outcome.gradients), first, sameLabel]);
  optimizer.dispose();

  return [...extra, ...against(run.expected, seen, ''), ...against(run.expected64, seen, 'float64: ')];
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

function against(expected: StateDict, seen: Observations, label: string): TensorComparison[] {
  return [...expected].map(([name, tensor]) => {
    const actual = seen.get(name);
    if (!actual) return missing(label + name);
    const values = tensor.data();
    // Anchors are kept normalised, because only their direction is ever used.
    if (!name.endsWith('origin_text_features')) return compare(label + name, actual, values);
    return compare(label + name, actual, normalisedRows(values, tensor.shape.at(-1)!));
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
