import * as tf from '@tensorflow/tfjs-core';
import { cosineLogits, normalise, type Backbone, type PromptedText } from '@promptweave/core';
import { compare, missing, TOLERANCES, type TensorComparison } from './comparison.js';
import type { FixtureRun, FixtureSet } from './fixture-set.js';
import type { Observations } from './observe.js';

/** Compares features, logits and every hidden state of the plain CLIP. */
export function verifyZeroShot(
  set: FixtureSet,
  run: FixtureRun,
  backbone: Backbone,
  tolerances = TOLERANCES.float32,
): TensorComparison[] {
  const seen: Observations = new Map();
  tf.tidy(() => {
    const put = (name: string, tensor: tf.Tensor) => seen.set(name, tensor.dataSync());
    const pixels = set.batches.get('step1/images')!;
    const images = tf.tensor4d(pixels.data(), pixels.shape as [number, number, number, number], 'float32');
    const text = promptsOf(run, backbone);
    const { contextLength, layers } = backbone.shape.text;
    const encoding = backbone.encodeText(text, { keepLast: layers, paddedClasses: text.lengths.length });
    const imageFeatures = backbone.encodeImages(images);
    put('image_features', imageFeatures);
    put('text_features', backbone.encodeText(text).features);
    put('logits_per_image', cosineLogits(normalise(imageFeatures), normalise(encoding.features), backbone.logitScale));

    const positions = Array.from({ length: contextLength }, (_, position) => ({ class: 2, position }));
    for (let i = 0; i < layers; i++) put(`hidden/text2/block${i}`, encoding.rows(i, positions));
    const ids = [...run.inputs.get('token_ids')!.data()].slice(2 * contextLength, 3 * contextLength);
    const table = set.weights.get('positional_embedding')!;
    const positional = tf.tensor(table.data(), table.shape, 'float32');
    put('hidden/text2/embedding_plus_position', tf.add(backbone.embedTokens(ids), positional));

    const trace: tf.Tensor3D[] = [];
    backbone.encodeImages(images, undefined, { trace });
    trace.forEach((states, i) => {
      const name = ['patches_plus_position', 'after_ln_pre'][i] ?? `block${i - 2}`;
      put(`hidden/image0/${name}`, tf.slice(states, [0, 0, 0], [1, -1, -1]));
    });
  });
  const recorded = [
    ...run.expected,
    ...[...run.expected64].map(([name, tensor]) => [`float64: ${name}`, tensor] as const),
  ];
  return recorded.map(([name, tensor]) => {
    const actual = seen.get(name.replace('float64: ', ''));
    return actual ? compare(name, actual, tensor.data(), { tolerances }) : missing(name);
  });
}

/** The recorded prompts as one shared start token and one branch of rows per class. */
function promptsOf(run: FixtureRun, backbone: Backbone): PromptedText {
  const recorded = run.inputs.get('token_ids')!;
  const [classes, contextLength] = recorded.shape as [number, number];
  const ids = [...recorded.data()];
  const branches = Array.from({ length: classes }, (_, c) => {
    const row = ids.slice(c * contextLength, (c + 1) * contextLength);
    return row.slice(1, row.indexOf(backbone.tokenizer.endId) + 1);
  });
  const lengths = branches.map((branch) => branch.length);
  return {
    prefix: backbone.embedTokens([backbone.tokenizer.startId!]),
    branches: backbone.embedTokens(branches.flat()),
    lengths,
    deep: [],
    roles: lengths.map((length) => ({ name: [], end: length })),
  };
}
