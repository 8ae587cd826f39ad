import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostTensor, writeSafetensors, type StateDict } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { architectureOf } from './clip-architecture.js';
import {
  architecture,
  asHuggingFace,
  fixture,
  folder,
  folderOf,
  heads,
  huggingFaceConfig,
  openai,
  openClipConfig,
  refusal,
  turned,
  useFolder,
} from './clip-checkpoint.test.support.js';
import { loadClipCheckpoint, type ClipWeights } from './load-clip-checkpoint.js';

useFolder();

function plain(tensors: StateDict): Record<string, unknown> {
  return Object.fromEntries([...tensors].map(([name, { shape, data }]) => [name, [shape, [...data()]]]));
}

describe('every naming and format gives the same weights', () => {
  const expectSame = (weights: ClipWeights): void => {
    expect(weights.architecture).toEqual(architecture);
    expect(plain(weights.tensors)).toEqual(plain(openai));
  };

  it.each(['openai.safetensors', 'zip.bin', 'legacy.pt', 'torchscript.pt'])('%s', async (name) => {
    expectSame(await loadClipCheckpoint(fixture(name), heads));
  });

  it('Hugging Face, with its configuration', async () => {
    const { notes, ...weights } = await loadClipCheckpoint(
      await folderOf(asHuggingFace(openai), { 'config.json': huggingFaceConfig }),
    );
    expectSame({ notes, ...weights });
    expect(notes).toEqual([expect.stringMatching(/^Images: /)]);
  });

  it('open_clip, with its configuration, its text tower apart and its projection a layer', async () => {
    const moved: StateDict = new Map(
      [...openai].map(([name, tensor]) => {
        if (name === 'text_projection') return ['text.text_projection.weight', turned(tensor)];
        const isText = !name.startsWith('visual.') && name !== 'logit_scale';
        return [isText ? `text.${name}` : name, tensor];
      }),
    );
    moved.set('text.attn_mask', hostTensor(new Float32Array(25), [5, 5]));
    const files = { 'open_clip_config.json': openClipConfig };
    expectSame(await loadClipCheckpoint(await folderOf(moved, files, 'open_clip_model.safetensors')));
  });

  it('open_clip trained in parallel and compiled', async () => {
    const wrapped = new Map([...openai].map(([name, tensor]) => [`module._orig_mod.${name}`, tensor]));
    expectSame(await loadClipCheckpoint(await folderOf(wrapped), heads));
  });

  it('float32', async () => {
    const wide = new Map([...openai].map(([name, t]) => [name, hostTensor(t.data(), t.shape, 'float32')]));
    expectSame(await loadClipCheckpoint(await folderOf(wide), heads));
  });

  it('shards with an index', async () => {
    const names = [...openai.keys()];
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const half = names.length / 2;
    const made = await folderOf(new Map([...openai].slice(0, half)), {}, shards[0]);
    await writeSafetensors(join(made, shards[1]!), new Map([...openai].slice(half)));
    const weight_map = Object.fromEntries(names.map((name, i) => [name, shards[i < half ? 0 : 1]]));
    await writeFile(join(made, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
    const weights = await loadClipCheckpoint(made, heads);
    expectSame(weights);
    expect(weights.digest).toMatch(/^[0-9a-f]{64}$/);
    weight_map[names[0]!] = '../outside.safetensors';
    await writeFile(join(made, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
    expect((await refusal(made)).message).toMatch(/weight_map/);
  });
});

describe('what the weights do not tell', () => {
  const wide = (width: number): StateDict =>
    new Map(
      [...openai].map(([name, tensor]) => {
        if (name.startsWith('visual.')) return [name, tensor];
        const shape = tensor.shape.map((size) => size * (size % 16 === 0 ? width / 16 : 1));
        return [name, hostTensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)];
      }),
    );

  it('takes 64 values a head without a configuration, and says so', async () => {
    const { architecture: found, notes } = await loadClipCheckpoint(await folderOf(wide(128)), {
      visionHeads: 3,
    });
    expect(found.textHeads).toBe(2);
    expect(notes).toEqual([/QuickGELU/, /64 values a head/, /^Images: /].map((part) => expect.stringMatching(part)));
  });

  it('asks for the heads where 64 values a head do not fit', async () => {
    expect((await refusal(fixture('openai.safetensors'), {})).message).toMatch(
      /heads of the vision tower.*width of 24/,
    );
  });

  it('reads GELU from the configurations, and lets an option decide', async () => {
    const gelu = structuredClone(huggingFaceConfig);
    gelu.text_config.hidden_act = gelu.vision_config.hidden_act = 'gelu';
    const made = await folderOf(asHuggingFace(openai), { 'config.json': gelu });
    expect((await loadClipCheckpoint(made)).architecture.activation).toBe('gelu');
    expect((await loadClipCheckpoint(made, { activation: 'quick-gelu' })).architecture.activation).toBe('quick-gelu');
    const model_cfg: Record<string, unknown> = { ...openClipConfig.model_cfg };
    delete model_cfg['quick_gelu'];
    const open = await folderOf(openai, { 'open_clip_config.json': { model_cfg } });
    expect((await loadClipCheckpoint(open)).architecture.activation).toBe('gelu');
  });

  it('reads the flat configuration of the embedded model', async () => {
    // oxfmt-ignore
    const config = { model_type: 'clip', image_size: 8, patch_size: 4, vision_width: 24, vision_layers: 1, vision_heads: 3,
      text_width: 16, text_layers: 2, text_heads: 2, context_length: 5, vocab_size: 12, embedding_size: 6, activation: 'quick_gelu' };
    const weights = await loadClipCheckpoint(await folderOf(openai, { 'config.json': config }, 'any-name.safetensors'));
    expect(weights.architecture).toEqual(architecture);
    const other = await folderOf(openai, { 'config.json': { ...config, text_layers: 3 } });
    expect((await refusal(other, {})).message).toMatch(/says textLayers 3, the weights have 2/);
  });

  it('reads the architecture of weights whose token table is elsewhere', () => {
    const reduced = new Map([...openai].filter(([name]) => name !== 'token_embedding.weight'));
    const hints = { visionHeads: 3, textHeads: 2 };
    expect(architectureOf(reduced, { ...hints, vocabularySize: 49408 })).toEqual({
      ...architecture,
      vocabularySize: 49408,
    });
    expect(() => architectureOf(reduced, hints)).toThrow(
      /"token_embedding.weight" of shape \[vocabulary size, 16\] is missing/,
    );
  });

  it('finds the tokenizer beside the weights', async () => {
    const made = await folderOf(openai, { 'vocab.json': {}, 'merges.txt': '' });
    const { tokenizerFiles, digest, source } = await loadClipCheckpoint(join(made, 'model.safetensors'), heads);
    expect(tokenizerFiles).toMatchObject({ vocab: join(made, 'vocab.json'), merges: join(made, 'merges.txt') });
    expect(source).toBe(join(made, 'model.safetensors'));
    expect(digest).toBe((await loadClipCheckpoint(made, heads)).digest);
  });
});

describe('refusals', () => {
  const changed = (change: (tensors: StateDict) => void): Promise<string> => {
    const copy = new Map(openai);
    change(copy);
    return folderOf(copy);
  };
  const one = hostTensor(Float32Array.of(1), [1]);

  it('names a missing tensor and its shape', async () => {
    const error = await refusal(await changed((t) => t.delete('transformer.resblocks.1.mlp.c_fc.bias')));
    expect(error.message).toBe('Tensor "transformer.resblocks.1.mlp.c_fc.bias" of shape [64] is missing.');
    expect(error.where).toMatch(/model\.safetensors$/);
  });

  it('names a tensor of another shape', async () => {
    const error = await refusal(await changed((t) => t.set('ln_final.bias', hostTensor(new Float32Array(15), [15]))));
    expect(error.message).toBe('Tensor "ln_final.bias" has shape [15], expected [16].');
  });

  it("says a tensor's own name where the naming is another", async () => {
    const tensors = asHuggingFace(openai);
    tensors.set('visual_projection.weight', hostTensor(new Float32Array(6 * 25), [6, 25]));
    const error = await refusal(await folderOf(tensors, { 'config.json': huggingFaceConfig }));
    expect(error.message).toBe('Tensor "visual.proj" has shape [25, 6], expected [24, 6].');
    expect(error.where).toContain('visual_projection.weight');
  });

  it.each(['q', 'k', 'v'])('names a missing %s projection', async (letter) => {
    const tensors = asHuggingFace(openai);
    const name = `text_model.encoder.layers.1.self_attn.${letter}_proj.weight`;
    tensors.delete(name);
    const error = await refusal(await folderOf(tensors, { 'config.json': huggingFaceConfig }));
    expect(error.message).toContain(name);
  });

  it('names a tensor that is not finite when it is decoded', async () => {
    const values = new Float32Array(16).fill(1);
    values[11] = NaN;
    const error = await refusal(await changed((t) => t.set('ln_final.bias', hostTensor(values, [16]))));
    expect(error.message).toBe('Tensor "ln_final.bias" of shape [16] has NaN at index 11.');
  });

  it('names a gap between the blocks', async () => {
    const source = await changed((t) => {
      for (const name of [...t.keys()]) if (name.startsWith('transformer.resblocks.0.')) t.delete(name);
    });
    expect((await refusal(source)).message).toContain('"transformer.resblocks.0.ln_1.weight"');
  });

  it('refuses quantised weights', async () => {
    const source = await changed((t) => t.set('ln_final.bias', hostTensor(new Int32Array(16), [16])));
    expect((await refusal(source)).message).toMatch(/stored as int32/);
  });

  it('refuses a tensor that no CLIP has', async () => {
    expect((await refusal(await changed((t) => t.set('visual.ls_1.gamma', one)))).message).toMatch(
      /visual\.ls_1\.gamma/,
    );
  });

  it.each([
    ['visual.layer1.0.conv1.weight', /ResNet/],
    ['visual.attnpool.positional_embedding', /ResNet/],
    ['logit_bias', /SigLIP/],
    ['text_decoder.ln_final.weight', /CoCa/],
    ['visual.trunk.patch_embed.proj.weight', /timm/],
    ['visual.blocks.0.attn.q_bias', /EVA.*gated MLPs/],
    ['visual.trunk.blocks.0.attn.q_proj.weight', /EVA/],
    ['visual.trunk.blocks.0.mlp.fc1_g.weight', /EVA/],
    ['visual.trunk.stem.0.conv.weight', /MobileCLIP.*convolutions/],
    ['image_encoder.model.patch_emb.0.block.conv.weight', /MobileCLIP/],
    ['prompt_learner.ctx', /learned prompts/],
  ])('refuses a model with %s by name', async (name, model) => {
    expect((await refusal(await changed((t) => t.set(name, one)))).message).toMatch(model);
  });

  it('refuses an unknown architecture and an empty file', async () => {
    expect((await refusal(await folderOf(new Map([['encoder.weight', one]])))).message).toMatch(/"encoder\.weight"/);
    expect((await refusal(await folderOf(new Map()))).message).toMatch(/there are no tensors/);
  });

  it.each([
    ['config.json', { model_type: 'siglip' }, /that of a SigLIP, the weights are those of a CLIP/],
    ['config.json', { model_type: 'siglip2' }, /"siglip2"/],
    ['config.json', { ...huggingFaceConfig, projection_dim: 7 }, /says embedding 7, the weights have 6/],
    ['config.json', { model_type: 'clip', vision_config: { hidden_act: 'swish' } }, /hidden_act is "swish"/],
    ['config.json', { model_type: 'clip', text_config: { layer_norm_eps: 1e-6 } }, /layer_norm_eps/],
    ['config.json', { model_type: 'clip', text_config: { vocab_size: -3 } }, /text_config\.vocab_size/],
    ['config.json', [], /not a JSON object/],
    ['open_clip_config.json', { model_cfg: { ...openClipConfig.model_cfg, multimodal_cfg: {} } }, /multimodal_cfg/],
    ['open_clip_config.json', {}, /model_cfg/],
  ])('refuses a %s that does not fit: %j', async (name, content, message) => {
    expect((await refusal(await folderOf(openai, { [name]: content }))).message).toMatch(message);
  });

  it('refuses files that are no weights, and says what they are', async () => {
    const made = await mkdtemp(join(folder, 'others-'));
    const cases: [string, string | Buffer, RegExp][] = [
      ['lfs.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', /Git LFS/],
      ['page.bin', '<!DOCTYPE html><html>', /web page/],
      ['empty.pt', '', /\(none\)/],
      ['bare.pt', Buffer.from('80047d2e', 'hex'), /bare pickle/],
      ['old.tar', Buffer.from(`${'\0'.repeat(257)}ustar${'\0'.repeat(250)}`), /tar archive/],
    ];
    for (const [name, content, message] of cases) {
      await writeFile(join(made, name), content);
      expect((await refusal(join(made, name))).message).toMatch(message);
    }
  });

  it('refuses a folder without weights, and one where it is not clear which are meant', async () => {
    const made = await mkdtemp(join(folder, 'unclear-'));
    expect((await refusal(made)).message).toMatch(/no weights/);
    await mkdir(join(made, 'sub'));
    await copyFile(fixture('zip.bin'), join(made, 'a.pt'));
    await copyFile(fixture('zip.bin'), join(made, 'b.pt'));
    expect((await refusal(made)).message).toMatch(/several weights: a\.pt, b\.pt/);
  });

  it('refuses a source that is nothing', async () => {
    expect((await refusal(join(folder, 'nowhere'))).message).toMatch(/no such file/);
  });
});
