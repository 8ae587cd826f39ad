import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { templateTokens, nameTokens } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipCheckpoint } from './checkpoint/index.js';
import { loadClip } from './load-clip.js';
import { clipOptions } from './options.js';
import { expectRecorded, expectRecordedIds, recordedIn, type Recorded } from './recorded.test.support.js';
import { loadSentenceTokenizer } from './tokenizer/index.js';

/** Tiny SigLIPs and what transformers, timm and open_clip compute with them; made by scripts/make-siglip-fixtures.py. */
const folder = fileURLToPath(new URL('../fixtures/siglip/', import.meta.url));

const load = (options: Record<string, unknown>, fast = true) => loadClip(clipOptions.parse(options), folder, { fast });

describe.each(['one', 'two'])('SigLIP %s', (name) => {
  let recorded: Recorded;
  let tensors: number;
  beforeAll(async () => {
    recorded = await recordedIn(`${folder}${name}.json`);
    tensors = tf.memory().numTensors;
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it.each([
    ['fast', true],
    ['plain', false],
  ])("gives the reference libraries' features and logits on the %s path", async (_, fast) => {
    const clean = name === 'one' ? 'canonical' : 'lower';
    const backbone = await load({ checkpoint: name }, fast);
    expectRecorded(backbone, recorded);
    const { imageSize } = backbone.shape.vision;
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
    await expectRecordedIds(tokenizer, `${folder}${name}-token-ids.json.gz`);
  });

  it.each([undefined, 'none', 'lower', 'canonical'] as const)(
    'has a tokenizer whose names have the tokens of the sentence (clean: %s)',
    async (clean) => {
      const tokenizer = await loadSentenceTokenizer({ tokenizerJson: `${folder}${name}/tokenizer.json` }, clean);
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
    },
  );
});

describe('what does not belong to a SigLIP', () => {
  it.each([
    [{ checkpoint: 'one', activation: 'gelu' }, undefined],
    [{ checkpoint: 'icons', clean: 'lower' }, /clean is for tokenizers of sentence pieces/],
    [{ checkpoint: 'icons', pooled: 'all' }, /pooled is for models with a pooling head/],
    [{ checkpoint: 'one-open-clip' }, /number of heads of the vision tower cannot be told/],
  ])('%j', async (options, message) => {
    const loaded = Promise.resolve().then(() => load(options));
    if (message) await expect(loaded).rejects.toThrow(message);
    else (await loaded).dispose();
  });
});
