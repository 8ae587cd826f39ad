import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { resolveConfiguration } from '../config/index.js';
import { definePlugin } from '../plugin/define-plugin.js';
import { PluginFault } from '../plugin/plugin-fault.js';
import { Registry } from '../plugin/registry.js';
import { createContainer } from './container.js';
import { createExperiment } from './experiment.js';
import { tinyBatch, tinyPipeline, tinyPlugins, type TinyLog } from './tiny-parts.test.fixture.js';

const learner = (part: object) => ({
  variables: {},
  template: { before: [7], after: [] },
  prompts: () => ({}),
  dispose: () => undefined,
  ...part,
});
const aligner = (part: object) => ({
  variables: {},
  classNames: ['tabby cat', 'dog'],
  labels: () => ({ names: tf.zeros([3, 3]), lengths: [2, 1] }),
  anchors: () => ({ names: tf.zeros([3, 3]), lengths: [2, 1] }),
  withClasses: () => undefined,
  dispose: () => undefined,
  ...part,
});
const loss = (part: object) => ({ name: 'faulty', needs: {}, terms: () => [], dispose: () => undefined, ...part });
const bug = (): never => {
  throw new TypeError('x is undefined');
};

/** One forward pass with a faulty part of some kind. */
async function pass(kind: 'prompt' | 'labels' | 'loss', create: () => unknown): Promise<void> {
  const properties = {
    prompt: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    labels: () => ({ trainsLabels: false }),
    loss: undefined,
  }[kind];
  const plugin = definePlugin({
    ...{ kind, name: 'faulty', description: 'Faulty.', options: z.strictObject({}), properties, create },
  } as never);
  const log: TinyLog = { backbones: [], created: [], subsets: [] };
  const registry = new Registry([...tinyPlugins(log), { plugin, module: 'strangers-package' }]);
  const chosen = kind === 'loss' ? { losses: ['faulty'] } : { [kind]: 'faulty' };
  const configuration = resolveConfiguration({ backbone: 'tiny', dataset: 'pets', ...chosen }, { registry });
  const container = createContainer(tinyPipeline(log));
  const experiment = await createExperiment(configuration, { container, registry, folder: '.' });
  const { images, labels } = tinyBatch();
  tf.tidy(() => {
    const step = experiment.classifier.step({ images, labels });
    for (const entry of experiment.classifier.parts.losses) entry.loss.terms(step);
    step.logits.dataSync();
  });
}

it.each<[string, Parameters<typeof pass>[0], () => unknown]>([
  ['The prompt learner "faulty" threw in create(): x is undefined', 'prompt', bug],
  ['The prompt learner "faulty" threw in prompts(): x is undefined', 'prompt', () => learner({ prompts: bug })],
  ['The prompt learner "faulty" makes a part without dispose().', 'prompt', () => learner({ dispose: undefined })],
  [
    'gives text vectors [2, 5], not 3 wide, in prompts().',
    'prompt',
    () =>
      learner({
        prompts: () => ({ text: { vectors: tf.zeros([2, 5]), scope: 'shared', namePosition: 'end', deep: [] } }),
      }),
  ],
  ['The label aligner "faulty" makes undefined in create().', 'labels', () => undefined],
  [
    'gives embeddings [1, 3] instead of [3, 3] in labels().',
    'labels',
    () => aligner({ labels: () => ({ names: tf.zeros([1, 3]), lengths: [2, 1] }) }),
  ],
  [
    'gives names of 1 classes, and there are 2, in labels().',
    'labels',
    () => aligner({ labels: () => ({ names: tf.zeros([2, 3]), lengths: [2] }) }),
  ],
  ['The loss "faulty" threw in terms(): x is undefined', 'loss', () => loss({ terms: bug })],
  [
    'gives a term "a" of the shape [2], and it must be a scalar, in terms().',
    'loss',
    () => loss({ terms: () => [{ name: 'a', value: tf.zeros([2]), weight: 1 }] }),
  ],
  [
    'gives the term "a" the weight NaN in terms().',
    'loss',
    () => loss({ terms: () => [{ name: 'a', value: tf.scalar(1), weight: NaN }] }),
  ],
])('is told as the fault of its plugin: %s', async (message, kind, create) => {
  const fault = await pass(kind, create).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(PluginFault);
  expect((fault as PluginFault).message).toContain(message);
  expect((fault as PluginFault).where).toBe('plugin module strangers-package');
  expect((fault as PluginFault).exitCode).toBe(70);
  if (message.includes('threw')) expect((fault as PluginFault).cause).toBeInstanceOf(TypeError);
});
