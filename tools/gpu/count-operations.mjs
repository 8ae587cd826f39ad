/**
 * Counts what a training step hands over to TensorFlow, the optimiser's update included, and how long the host needs for it:
 *
 *   node tools/gpu/count-operations.mjs [METHOD…] [--classes 10] [--architecture ViT-B/16] [--json]
 *
 * On a driver that computes nothing (tools/gpu/fake) the time of a step is the host's alone. Random weights and images, as `bench speed` has them.
 */
import { parseArgs } from 'node:util';
import { randomClip } from '@promptweave/backbone-clip';
import { architectureNamed, speedMethodNamed } from '@promptweave/bench';
import {
  completeChoice,
  composeClassifier,
  createOptimizer,
  defaultPlugins,
  loadPlugins,
} from '@promptweave/core/experiment';
import { selectBackend } from '@promptweave/runtime';
import * as tf from '@tensorflow/tfjs-core';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    classes: { type: 'string', default: '10' },
    architecture: { type: 'string', default: 'ViT-B/16' },
    repeats: { type: 'string', default: '9' },
    json: { type: 'boolean', default: false },
  },
});
await selectBackend('auto');
const registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
const backbone = randomClip({ seed: 1, ...architectureNamed(flags.architecture) }, { fast: true, recompute: false });
const classNames = Array.from({ length: Number(flags.classes) }, (_, i) => `thing${'y'.repeat(i % 3)} ${i}`);
const settings = { optimizer: 'sgd', momentum: 0.9, weightDecay: 5e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

for (const name of positionals.length > 0 ? positionals : ['maple', 'comma', 'maple+lamm', 'coop']) {
  const method = speedMethodNamed(name, backbone.shape);
  const context = { backbone, classNames, template: 'a photo of a {}.', shots: 16, seed: 1 };
  const classifier = composeClassifier(registry, context, completeChoice(registry, method));
  const { imageSize } = backbone.shape.vision;
  const batch = {
    images: tf.randomNormal([method.batch, 3, imageSize, imageSize], 0, 1, 'float32', 7),
    labels: tf.tensor1d(
      Array.from({ length: method.batch }, (_, i) => i % classNames.length),
      'int32',
    ),
  };
  const optimizer = createOptimizer(settings);
  const step = () => {
    const { gradients } = classifier.gradients(batch, 1);
    optimizer.apply(classifier.variables, gradients, 1e-6);
    tf.dispose(Object.values(gradients));
  };
  for (let i = 0; i < 4; i++) step(); // composed, recorded, run as programs
  const operations = counted(step);
  const times = Array.from({ length: Number(flags.repeats) }, () => {
    const begun = performance.now();
    step();
    return performance.now() - begun;
  });
  const ms = times.sort((a, b) => a - b);
  const found = { name, operations, median: ms[Math.floor(ms.length / 2)], least: ms[0] };
  console.log(
    flags.json
      ? JSON.stringify(found)
      : `${name}: ${operations} operations a step, ${found.median.toFixed(1)} ms (least ${found.least.toFixed(1)})`,
  );
  tf.dispose(batch);
  optimizer.dispose();
  classifier.dispose();
}

/** Operations that work hands to TensorFlow. */
function counted(work) {
  const backend = tf.backend();
  const { binding } = backend;
  let count = 0;
  backend.binding = Object.create(binding, {
    executeOp: {
      value: (...given) => {
        count++;
        return binding.executeOp(...given);
      },
    },
  });
  try {
    work();
  } finally {
    backend.binding = binding;
  }
  return count;
}
