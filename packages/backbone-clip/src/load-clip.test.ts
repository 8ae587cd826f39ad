import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelFolder } from '@promptweave/clip-icons';
import { CheckpointError } from '@promptweave/core';
import { backboneIdentity } from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipIdentity, loadClip } from './load-clip.js';
import { clipOptions } from './options.js';

let folder: string;
const config = JSON.parse(await readFile(join(modelFolder, 'config.json'), 'utf8')) as Record<string, unknown>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-clip-'));
  await copyFile(join(modelFolder, 'model.safetensors'), join(folder, 'model.safetensors'));
});
afterAll(() => rm(folder, { recursive: true }));

const options = (given: object = {}) => clipOptions.parse({ checkpoint: folder, ...given });
const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content));
async function refusal(): Promise<CheckpointError> {
  const failure: unknown = await clipIdentity(options(), folder).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CheckpointError);
  return failure as CheckpointError;
}

describe('a tokenizer that is not of the weights', () => {
  it("is OpenAI's where none lies beside 6,144 token embeddings", async () => {
    await write('config.json', config);
    expect((await refusal()).message).toMatch(/^No tokenizer lies beside .* 6144 .* OpenAI's 49408 tokens/);
  });

  it('ends texts with another token than the configuration says', async () => {
    await copyFile(join(modelFolder, 'tokenizer.json'), join(folder, 'tokenizer.json'));
    const heads = {
      vision_config: { num_attention_heads: 3 },
      text_config: { num_attention_heads: 2, eos_token_id: 49407 },
    };
    await write('config.json', { model_type: 'clip', ...heads });
    expect((await refusal()).message).toMatch(/ends texts with token 49407 .*, the tokenizer with 6143/);
    await write('config.json', {
      model_type: 'clip',
      ...heads,
      text_config: { num_attention_heads: 2, eos_token_id: 6143 },
    });
    await clipIdentity(options(), folder);
  });
});

describe('the identity of a CLIP', () => {
  it('is known without making it, and changes with what changes its numbers', async () => {
    await write('config.json', config);
    const known = await clipIdentity(options(), folder);
    const backbone = await loadClip(options(), folder);
    expect(backboneIdentity(backbone)).toEqual(known);
    backbone.dispose();
    expect(known.settings).toMatchObject({ activation: 'quick-gelu', visionHeads: 3, textHeads: 2 });
    const others = [
      { activation: 'gelu' },
      { imageMean: [0, 0, 0] },
      { imageStd: [1, 1, 1] },
      { interpolation: 'bilinear' },
      { resize: 'squash' },
    ].map((given) => clipIdentity(options(given), folder));
    const texts = [known, ...(await Promise.all(others))].map((identity) => JSON.stringify(identity));
    expect(new Set(texts).size).toBe(6);
  });

  it('changes with the files beside the weights', async () => {
    const before = await clipIdentity(options(), folder);
    await write('preprocessor_config.json', { image_mean: [0.5, 0.5, 0.5] });
    const after = await clipIdentity(options(), folder);
    expect(after.preprocessing).toEqual({ ...before.preprocessing, mean: [0.5, 0.5, 0.5] });
    await write('config.json', { ...config, activation: 'gelu' });
    expect((await clipIdentity(options(), folder)).settings).toEqual({ ...before.settings, activation: 'gelu' });
    const tokenizer = await readFile(join(folder, 'tokenizer.json'), 'utf8');
    const parsed = JSON.parse(tokenizer) as { model: { merges: unknown[] } };
    parsed.model.merges.pop();
    await write('tokenizer.json', parsed);
    expect((await clipIdentity(options(), folder)).settings!['tokenizer']).not.toBe(before.settings!['tokenizer']);
  });
});
