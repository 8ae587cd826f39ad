import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs-core';
import { templateTokens, nameTokens, type Backbone, type PromptedText } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipCheckpoint } from './checkpoint/index.js';
import { loadClip } from './load-clip.js';
import { clipOptions } from './options.js';
import { loadSentenceTokenizer } from './tokenizer/index.js';

/** Tiny SigLIPs and what transformers, timm and open_clip compute with them; made by scripts/make-siglip-fixtures.py. */
const folder = fileURLToPath(new URL('../fixtures/siglip/', import.meta.url));

interface Reference {
  readonly sentences: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly images: number[];
  readonly image_features: readonly (readonly number[])[];
  readonly text_features: readonly (readonly number[])[];
  readonly logits_per_image: readonly (readonly number[])[];
}

const referenceOf = async (name: string): Promise<Reference> =>
  JSON.parse(await readFile(`${folder}${name}.json`, 'utf8')) as Reference;

const load = (options: Record<string, unknown>, fast = true) => loadClip(clipOptions.parse(options), folder, fast);

/** Largest difference, as a share of the largest value. */
function difference(found: tf.Tensor, expected: readonly (readonly number[])[]): number {
  const values = [...found.dataSync()];
  const flat = expected.flat();
  expect(values).toHaveLength(flat.length);
  const largest = Math.max(...flat.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - flat[i]!))) / largest;
}

/** The recorded sentences, as a prompt is put together: up to the end, without padding. */
function sentencesOf(backbone: Backbone, { ids, sentences }: Reference): PromptedText {
  const { endId } = backbone.tokenizer;
  const branches = ids.map((row) => row.slice(0, row.indexOf(endId) + 1));
  const { contextLength } = backbone.shape.text;
  branches.forEach((branch, i) => {
    const own = [...backbone.tokenizer.encode(sentences[i]!).slice(0, contextLength - 1), endId];
    expect(own).toEqual(branch);
  });
  return {
    prefix: tf.zeros([0, backbone.shape.text.width]),
    branches: backbone.embedTokens(branches.flat()),
    lengths: branches.map((branch) => branch.length),
    deep: [],
    roles: branches.map(() => ({ name: [], end: contextLength - 1 })),
  };
}

describe.each(['one', 'two'])('SigLIP %s', (name) => {
  let reference: Reference;
  let tensors: number;
  beforeAll(async () => {
    reference = await referenceOf(name);
    tensors = tf.memory().numTensors;
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it.each([
    ['fast', true],
    ['plain', false],
  ])("gives the reference libraries' features and logits on the %s path", async (_, fast) => {
    const clean = name === 'one' ? 'canonical' : 'lower';
    const backbone = await load({ checkpoint: name }, fast);
    const { imageSize } = backbone.shape.vision;
    tf.tidy(() => {
      const images = backbone.encodeImages(tf.tensor4d(reference.images, [3, 3, imageSize, imageSize]));
      expect(difference(images, reference.image_features)).toBeLessThan(2e-6);
      const texts = backbone.encodeText(sentencesOf(backbone, reference)).features;
      expect(difference(texts, reference.text_features)).toBeLessThan(2e-6);
      const unit = (x: tf.Tensor2D): tf.Tensor2D => tf.div(x, tf.norm(x, 2, 1, true));
      const cosines = tf.matMul(unit(images), unit(texts), false, true);
      const logits = tf.add(tf.mul(cosines, backbone.logitScale), backbone.logitBias!);
      expect(difference(logits, reference.logits_per_image)).toBeLessThan(1e-5);
    });
    expect(backbone.preprocessing).toEqual({
      ...{ resize: 'squash', interpolation: 'bicubic', size: imageSize, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    });
    expect(backbone.settings).toMatchObject({ activation: 'gelu-tanh', clean, pooled: 'patches' });
    backbone.dispose();
  });

  it('is the same in the files of open_clip', async () => {
    const own = await loadClipCheckpoint(`${folder}${name}`);
    const { visionHeads } = own.architecture; // the name of timm's model stands for it there
    const other = await loadClipCheckpoint(`${folder}${name}-open-clip`, { visionHeads });
    expect(other.architecture).toEqual(own.architecture);
    expect([...other.tensors.keys()]).toEqual([...own.tensors.keys()]);
    for (const [key, tensor] of own.tensors) expect(other.tensors.get(key)!.data(), key).toEqual(tensor.data());
    expect(other.preprocessing).toEqual(own.preprocessing);
  });

  it('gives the ids of 500 texts', async () => {
    const tokenizer = await loadSentenceTokenizer({ tokenizerJson: `${folder}${name}/tokenizer.json` });
    const rows = JSON.parse(gunzipSync(await readFile(`${folder}${name}-token-ids.json.gz`)).toString()) as [
      string,
      number[],
    ][];
    expect(rows.length).toBeGreaterThan(450);
    const others = rows.filter(([text, ids]) => tokenizer.encode(text).join() !== ids.join());
    expect(others).toEqual([]);
  });

  it('has a tokenizer whose names have the tokens of the sentence', async () => {
    const tokenizer = await loadSentenceTokenizer({ tokenizerJson: `${folder}${name}/tokenizer.json` });
    for (const template of ['a photo of a {}.', 'a photo of a {}, a type of pet.', 'itap of my {}']) {
      const { before, after } = templateTokens(tokenizer, template);
      for (const className of ['cat', 'Persian_cat', 'St. Bernard', 'Boeing 737-800']) {
        const [ids] = nameTokens(tokenizer, [className]);
        const sentence = template.replace('{}', className.replaceAll('_', ' '));
        expect([...before, ...ids!, ...after]).toEqual(tokenizer.encode(sentence));
      }
    }
    expect(tokenizer.startId).toBeUndefined();
    expect([tokenizer.endId, tokenizer.padId]).toEqual(name === 'one' ? [1, 1] : [1, 0]);
    expect(tokenizer.decode(tokenizer.encode('a photo of a cat'))).toBe('a photo of a cat ');
  });
});

describe('what does not belong to a SigLIP', () => {
  it.each([
    [{ checkpoint: 'one', activation: 'gelu' }, undefined],
    [{ checkpoint: 'icons', clean: 'lower' }, /clean is for SigLIP/],
    [{ checkpoint: 'icons', pooled: 'all' }, /pooled is for SigLIP/],
    [{ checkpoint: 'one-open-clip' }, /number of heads of the vision tower cannot be told/],
  ])('%j', async (options, message) => {
    const loaded = Promise.resolve().then(() => load(options));
    if (message) await expect(loaded).rejects.toThrow(message);
    else (await loaded).dispose();
  });
});
