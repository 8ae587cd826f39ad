import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import { createOptimizer, type Optimizer } from './optimizer.js';
import { trainSettings } from './settings.js';

type Values = Record<string, number[] | null>;

/** What PyTorch did, recorded by scripts/pytorch-optimizers.py. */
const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch-optimizers.json', import.meta.url), 'utf8'),
) as {
  shapes: Record<string, number[]>;
  start: Record<string, number[]>;
  learningRates: number[];
  gradients: Values[];
  cases: { name: string; settings: Record<string, unknown>; values: Record<string, number[]>[] }[];
};

function startVariables(): Record<string, tf.Variable> {
  return Object.fromEntries(
    Object.entries(recorded.start).map(([name, values]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, recorded.shapes[name]))),
    ]),
  );
}

function applyStep(optimizer: Optimizer, variables: Record<string, tf.Variable>, step: number): void {
  const given = Object.entries(recorded.gradients[step]!).filter(([, values]) => values !== null);
  const gradients = Object.fromEntries(
    given.map(([name, values]) => [name, tf.tensor(values!, recorded.shapes[name])] as const),
  );
  optimizer.apply(variables, gradients, recorded.learningRates[step]!);
  tf.dispose(gradients);
}

function expectValues(variables: Record<string, tf.Variable>, expected: Record<string, number[]>): void {
  for (const [name, values] of Object.entries(expected)) {
    const found = variables[name]!.dataSync();
    values.forEach((value, i) => expect(Math.abs(found[i]! - value), `${name}[${i}]`).toBeLessThan(2e-6));
  }
}

describe('createOptimizer', () => {
  let before = 0;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(recorded.cases)('$name moves variables as PyTorch does', ({ settings, values }) => {
    const variables = startVariables();
    const optimizer = createOptimizer(trainSettings.parse(settings));
    values.forEach((expected, step) => {
      applyStep(optimizer, variables, step);
      expectValues(variables, expected);
    });
    optimizer.dispose();
    tf.dispose(variables);
  });

  it.each(recorded.cases)('$name goes on from a restored state as PyTorch does', ({ settings, values }) => {
    const parsed = trainSettings.parse(settings);
    const variables = startVariables();
    const first = createOptimizer(parsed);
    for (let step = 0; step < 3; step++) applyStep(first, variables, step);
    const second = createOptimizer(parsed);
    second.restore(first.state());
    const copies = Object.fromEntries(Object.entries(variables).map(([name, v]) => [name, tf.variable(v)]));
    first.dispose();
    tf.dispose(variables);
    for (let step = 3; step < values.length; step++) applyStep(second, copies, step);
    expectValues(copies, values.at(-1)!);
    second.dispose();
    tf.dispose(copies);
  });

  it('refuses the state of another optimiser', () => {
    const sgd = createOptimizer(trainSettings.parse({ optimizer: 'sgd' }));
    const variables = startVariables();
    applyStep(sgd, variables, 2);
    const adam = createOptimizer(trainSettings.parse({ optimizer: 'adam' }));
    expect(() => adam.restore(sgd.state())).toThrow(CheckpointError);
    expect(() => adam.restore(sgd.state())).toThrow('The optimiser has no state named "momentum/weight"');
    sgd.dispose();
    tf.dispose(variables);
  });
});
