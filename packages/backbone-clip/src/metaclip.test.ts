import { mkdtemp, readFile, rm, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { nameTokens, templateTokens } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipCheckpoint } from './checkpoint/index.js';
import { clipIdentity, loadClip } from './load-clip.js';
import { clipOptions } from './options.js';
import { expectRecorded, expectRecordedIds, recordedIn } from './recorded.test.support.js';
import { loadSentenceTokenizer } from './tokenizer/index.js';

/** Tiny MetaCLIP 2s and what transformers and open_clip compute with them; made by scripts/make-metaclip-fixtures.py. */
const folder = fileURLToPath(new URL('../fixtures/metaclip-2/', import.meta.url));
const load = (options: Record<string, unknown>, fast = true) => loadClip(clipOptions.parse(options), folder, { fast });
const special = { 'xlm-v': [0, 2, 1], mt5: [undefined, 1, 0] } as const;
const cleaning = { 'xlm-v': 'none', mt5: 'canonical' } as const;

describe.each(['xlm-v', 'mt5'] as const)('MetaCLIP 2 with the vocabulary of %s', (name) => {
  let tensors: number;
  beforeAll(() => void (tensors = tf.memory().numTensors));
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it.each([
    ["transformers' names, fast", name, true],
    ["transformers' names, plain", name, false],
    ["open_clip's names, fast", `${name}-open-clip`, true],
    ["open_clip's names, plain", `${name}-open-clip`, false],
  ])("gives the reference libraries' features and logits: %s", async (_, checkpoint, fast) => {
    const backbone = await load({ checkpoint }, fast);
    expectRecorded(backbone, await recordedIn(`${folder}${name}.json`));
    const { startId, endId, padId } = backbone.tokenizer;
    expect([startId, endId, padId]).toEqual(special[name]);
    expect(backbone.settings).toMatchObject({ activation: 'quick-gelu', clean: cleaning[name] });
    expect(backbone.notes!.at(-1)).toMatch(
      /^A MetaCLIP 2: texts have (no start token|start token 0), end with token [12]/,
    );
    backbone.dispose();
  });

  it('gives the ids of 500 texts', async () => {
    const files = {
      tokenizerJson: `${folder}${name}/tokenizer.json`,
      tokenizerConfig: `${folder}${name}/tokenizer_config.json`,
    };
    await expectRecordedIds(
      await loadSentenceTokenizer(files, undefined, 'clip'),
      `${folder}${name}-token-ids.json.gz`,
    );
  });

  it('has a tokenizer whose names have the tokens of the sentence', async () => {
    const tokenizer = await loadSentenceTokenizer(
      { tokenizerJson: `${folder}${name}/tokenizer.json` },
      undefined,
      'clip',
    );
    for (const template of ['a photo of a {}.', 'a photo of a {}, a type of pet.', 'itap of my {}']) {
      const { before, after } = templateTokens(tokenizer, template);
      for (const className of ['cat', 'Persian_cat', 'Boeing 737-800']) {
        const [ids] = nameTokens(tokenizer, [className]);
        const sentence = template.replace('{}', className.replaceAll('_', ' '));
        expect([...before, ...ids!, ...after]).toEqual(tokenizer.encode(sentence));
      }
    }
  });

  it('is the same under both names', async () => {
    const own = await loadClipCheckpoint(`${folder}${name}`);
    const other = await loadClipCheckpoint(`${folder}${name}-open-clip`);
    expect(other.architecture).toEqual(own.architecture);
    for (const [key, tensor] of own.tensors) expect(other.tensors.get(key)!.data(), key).toEqual(tensor.data());
  });
});

describe('a MetaCLIP 2 that does not fit together', () => {
  let other: string;
  beforeAll(async () => {
    other = await mkdtemp(join(tmpdir(), 'metaclip-'));
    await cp(`${folder}xlm-v`, other, { recursive: true });
  });
  afterAll(() => rm(other, { recursive: true }));
  const refused = () => expect(clipIdentity(clipOptions.parse({ checkpoint: other }), other)).rejects;

  it("has another end than its tokenizer's", async () => {
    const file = join(other, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as { text_config: object };
    await writeFile(file, JSON.stringify({ ...config, text_config: { ...config.text_config, eos_token_id: 1 } }));
    await refused().toThrow(/ends texts with token 1 .*, the tokenizer with 2/);
    await writeFile(
      file,
      JSON.stringify({ ...config, text_config: { ...config.text_config, eos_token_id: 2, layer_norms: 3 } }),
    );
    await refused().toThrow(/text_config.layer_norms to 3, and that setting is not known/);
    await writeFile(file, JSON.stringify(config));
  });

  it("has CLIP's tokenizer, or none", async () => {
    await cp(
      fileURLToPath(new URL('../fixtures/small-tokenizer.json', import.meta.url)),
      join(other, 'tokenizer.json'),
    );
    await refused().toThrow(/The tokenizer is one of CLIP/);
    await rm(join(other, 'tokenizer.json'));
    await refused().toThrow(/No tokenizer.json lies beside the weights/);
  });
});
