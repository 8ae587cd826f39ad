import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';
import { CheckpointError, TrainingError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { hostTensor, type StateDict } from '../safetensors/index.js';

/**
 * The present values of named tensors, on the host.
 * @throws TrainingError where a value is not finite
 */
export async function variableValues(tensors: Readonly<Record<string, tf.Tensor>>): Promise<StateDict> {
  const values: StateDict = new Map();
  for (const [name, tensor] of Object.entries(tensors)) {
    const data = (await tensor.data()) as Float32Array | Int32Array;
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new TrainingError(`The learned value ${bad} is ${data[bad]}.`, {
        where: `variable "${name}"`,
        remedy: 'Lower train.learningRate. The last good values are in the checkpoint before.',
      });
    }
    values.set(name, hostTensor(data.slice(), [...tensor.shape]));
  }
  return values;
}

/** Gives a classifier saved values, see {@link assignVariables}. @throws CheckpointError where they do not fit */
export function assignValues(classifier: Classifier, tensors: StateDict, where: string): void {
  classifier.parts.head.reshape?.(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])));
  assignVariables(classifier.values, tensors, where);
}

/**
 * Gives variables the values of the same names. Nothing is changed where anything does not fit.
 * @throws CheckpointError naming the first tensor that is missing, unknown, or of another shape
 */
export function assignVariables(variables: NamedVariables, tensors: StateDict, where: string): void {
  const fail = (message: string): never => {
    throw new CheckpointError(message, {
      where,
      remedy: 'Compose the classifier of the same parts with the same options as the file.',
    });
  };
  const missing = Object.keys(variables).find((name) => !tensors.has(name));
  if (missing !== undefined) fail(`It lacks the tensor "${missing}", which the classifier learns.`);
  for (const [name, { shape }] of tensors) {
    const expected = variables[name]?.shape;
    if (!expected) return fail(`It has a tensor "${name}", which the classifier does not learn.`);
    if (shape.join() !== expected.join()) {
      fail(`The tensor "${name}" has the shape [${shape.join(', ')}], the classifier's [${expected.join(', ')}].`);
    }
  }
  tf.tidy(() => {
    for (const [name, variable] of Object.entries(variables)) {
      variable.assign(tf.tensor(tensors.get(name)!.data(), variable.shape, variable.dtype));
    }
  });
}
