import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostTensor, writeSafetensors, type StateDict } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import {
  asHuggingFace,
  folderOf,
  heads,
  huggingFaceConfig,
  openai,
  openClipConfig,
  refusal,
  useFolder,
} from './clip-checkpoint.test.support.js';
import { loadClipCheckpoint } from './load-clip-checkpoint.js';

useFolder();

const half = [0.5, 0.5, 0.5];
const processor = { size: 8, crop_size: 8, image_mean: [0.1, 0.2, 0.3], image_std: half, resample: 3 };
const under = (prefix: string): StateDict => new Map([...openai].map(([name, tensor]) => [`${prefix}${name}`, tensor]));
const one = hostTensor(Float32Array.of(1), [1]);

describe('what lies beside the weights says how images are prepared', () => {
  it("transformers' file for transformers' weights, open_clip's for its own", async () => {
    const files = {
      ...{ 'config.json': huggingFaceConfig, 'preprocessor_config.json': processor },
      'open_clip_config.json': openClipConfig,
    };
    const folder = await folderOf(asHuggingFace(openai), files);
    const ofTransformers = await loadClipCheckpoint(folder);
    expect(ofTransformers.preprocessing).toMatchObject({ mean: [0.1, 0.2, 0.3], std: half, size: 8 });
    await writeSafetensors(join(folder, 'open_clip_model.safetensors'), openai);
    const ofOpenClip = await loadClipCheckpoint(folder); // its weights are preferred where its configuration is there
    expect(ofOpenClip.preprocessing).toMatchObject({ mean: half, resize: 'shortest' });
    expect(ofOpenClip.notes[1]).toMatch(/^WARNING: preprocessor_config\.json says another mean/);
    const named = await loadClipCheckpoint(join(folder, 'model.safetensors'));
    expect(named.preprocessing).toEqual(ofTransformers.preprocessing);
  });

  it('also for the path of the weights, and an option goes before it', async () => {
    const folder = await folderOf(openai, {
      'preprocessor_config.json': { ...processor, size: { height: 8, width: 8 } },
    });
    const { preprocessing } = await loadClipCheckpoint(join(folder, 'model.safetensors'), {
      ...heads,
      imageStd: [1, 1, 1],
    });
    expect(preprocessing).toEqual({
      ...{ resize: 'squash', interpolation: 'bicubic', size: 8, mean: [0.1, 0.2, 0.3], std: [1, 1, 1] },
    });
  });

  it('refuses images of another size than the weights have', async () => {
    const folder = await folderOf(openai, { 'preprocessor_config.json': { ...processor, size: 16, crop_size: 16 } });
    const error = await refusal(folder);
    expect(error.message).toMatch(/16 pixels, the weights need 8/);
    expect(error.where).toMatch(/preprocessor_config\.json$/);
  });
});

describe('a CLIP within something larger', () => {
  it.each(['clipmodel.', 'model.', 'module.model.clip.', 'net/encoder/'])('is found under %s', async (prefix) => {
    const { tensors, notes } = await loadClipCheckpoint(await folderOf(under(prefix)), heads);
    expect([...tensors.keys()].sort()).toEqual([...openai.keys()].sort());
    expect(notes[0]).toBe(`The weights stand under "${prefix}" in the file.`);
  });

  it("also with transformers' names, and errors speak of the file's", async () => {
    const wrapped = new Map([...asHuggingFace(openai)].map(([name, tensor]) => [`clip.${name}`, tensor]));
    const files = { 'config.json': huggingFaceConfig };
    expect((await loadClipCheckpoint(await folderOf(wrapped, files))).tensors.size).toBe(openai.size);
    wrapped.set('clip.visual_projection.weight', hostTensor(new Float32Array(6 * 25), [6, 25]));
    expect((await refusal(await folderOf(wrapped, files))).where).toContain('clip.visual_projection.weight');
  });

  it('tells what it leaves aside', async () => {
    const tensors = new Map([...under('clipmodel.'), ['ff_head.weight', one], ['ff_head.bias', one]]);
    const { notes } = await loadClipCheckpoint(await folderOf(tensors), heads);
    expect(notes[1]).toBe('2 tensors beside them are left aside: "ff_head.weight", "ff_head.bias".');
  });

  it('refuses two of them', async () => {
    const error = await refusal(await folderOf(new Map([...under('student.'), ...under('teacher.')])));
    expect(error.message).toBe('The file holds 2 CLIPs, under the names "student." and "teacher.".');
  });

  it.each([
    ['base_model.model.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight', /LoRA weights/],
    ['lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight', /LoRA weights/],
    ['prompt_learner.ctx', /learned prompts/],
    ['vision_model.encoder.layers.0.adapter_down.weight', /an adapter/],
  ])('refuses %s, alone and beside a CLIP, for what it is', async (name, message) => {
    for (const tensors of [new Map([[name, one]]), new Map([...under('clip_model.'), [name, one]])]) {
      expect((await refusal(await folderOf(tensors))).message).toMatch(message);
    }
  });

  it("names an optimiser's state alone, and leaves it aside beside a CLIP", async () => {
    expect((await refusal(await folderOf(new Map([['state.0.exp_avg', one]])))).message).toMatch(
      /an optimiser's state/,
    );
    const both = new Map([...under('net.'), ['optimizer.state.0.exp_avg', one]]);
    const { notes } = await loadClipCheckpoint(await folderOf(both), heads);
    expect(notes[1]).toBe('1 tensor beside them is left aside: "optimizer.state.0.exp_avg".');
  });

  it('names what promptweave itself learned', async () => {
    const folder = await folderOf(new Map());
    const file = join(folder, 'prompts.safetensors');
    await writeSafetensors(file, new Map([['ctx', one]]), { promptweave: '{}' });
    expect((await refusal(file)).message).toMatch(/prompts that promptweave learned/);
  });

  it('takes the only .ckpt of a folder, and no optimiser for the weights', async () => {
    const folder = await folderOf(openai, {}, 'epoch=9-step=1200.ckpt');
    await writeFile(join(folder, 'optimizer.pt'), '');
    expect((await loadClipCheckpoint(folder, heads)).tensors.size).toBe(openai.size);
  });
});
