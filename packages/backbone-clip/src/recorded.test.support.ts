import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, PromptedText, Tokenizer } from '@promptweave/core';
import { expect } from 'vitest';

/** What the reference libraries compute with a tiny model; made by the scripts of this package. */
export interface Recorded {
  readonly sentences?: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly images: number[];
  readonly image_features: readonly (readonly number[])[];
  readonly text_features: readonly (readonly number[])[];
  readonly logits_per_image: readonly (readonly number[])[];
}

export const recordedIn = async (file: string): Promise<Recorded> =>
  JSON.parse(await readFile(file, 'utf8')) as Recorded;

/** Largest difference, as a share of the largest value. */
export function difference(found: tf.Tensor, expected: readonly (readonly number[])[]): number {
  const values = [...found.dataSync()];
  const flat = expected.flat();
  expect(values).toHaveLength(flat.length);
  const largest = Math.max(...flat.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - flat[i]!))) / largest;
}

/** The recorded ids, as a prompt is put together: start, if there is one, and each text up to its end, without padding. */
export function textOf(backbone: Backbone, { ids, sentences }: Recorded): PromptedText {
  const { startId, endId } = backbone.tokenizer;
  const { contextLength, reads, width } = backbone.shape.text;
  const start = startId === undefined ? 0 : 1;
  const branches = ids.map((row) => row.slice(start, row.indexOf(endId) + 1));
  sentences?.forEach((sentence, i) => {
    const own = backbone.tokenizer.encode(sentence).slice(0, contextLength - 1 - start);
    expect([...own, endId]).toEqual(branches[i]);
  });
  return {
    prefix: startId === undefined ? tf.zeros([0, width]) : backbone.embedTokens([startId]),
    branches: backbone.embedTokens(branches.flat()),
    lengths: branches.map((branch) => branch.length),
    deep: [],
    roles: branches.map((branch) => ({
      name: [],
      end: reads === 'last' ? contextLength - 1 : start + branch.length - 1,
    })),
  };
}

/** Features and logits are the recorded ones, to float32 accuracy. */
export function expectRecorded(backbone: Backbone, recorded: Recorded): void {
  const { imageSize } = backbone.shape.vision;
  tf.tidy(() => {
    const images = backbone.encodeImages(tf.tensor4d(recorded.images, [3, 3, imageSize, imageSize]));
    expect(difference(images, recorded.image_features)).toBeLessThan(2e-6);
    const texts = backbone.encodeText(textOf(backbone, recorded)).features;
    expect(difference(texts, recorded.text_features)).toBeLessThan(2e-6);
    const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true));
    const cosines = tf.matMul(unit(images), unit(texts), false, true);
    const logits = tf.add(tf.mul(cosines, backbone.logitScale), backbone.logitBias ?? 0);
    expect(difference(logits, recorded.logits_per_image)).toBeLessThan(1e-5);
  });
}

/** The ids of all recorded texts are those of the library that wrote them. */
export async function expectRecordedIds(tokenizer: Tokenizer, file: string): Promise<void> {
  const rows = JSON.parse(gunzipSync(await readFile(file)).toString()) as [string, number[]][];
  expect(rows.length).toBeGreaterThan(450);
  expect(rows.filter(([text, ids]) => tokenizer.encode(text).join() !== ids.join())).toEqual([]);
}
