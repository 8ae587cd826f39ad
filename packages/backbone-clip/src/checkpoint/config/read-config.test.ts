import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from './read-config.js';

interface Known {
  open_clip: Record<string, { plain: boolean; config: Json }>;
  transformers: Record<string, Json & { text_config: Json; vision_config: Json }>;
}
type Json = Record<string, unknown>;

const fixture = new URL('../../../fixtures/configurations.json', import.meta.url);
const known = JSON.parse(await readFile(fixture, 'utf8')) as Known;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clip-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(name: string, content: unknown) {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return readConfig(file);
}
async function refusal(name: string, content: unknown): Promise<CheckpointError> {
  const failure: unknown = await Promise.resolve()
    .then(() => read(name, content))
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CheckpointError);
  return failure as CheckpointError;
}

describe("open_clip's model configurations", () => {
  it.each(Object.entries(known.open_clip))(
    '%s is read if and only if it is a plain CLIP, MetaCLIP 2, SigLIP or PE-Core',
    async (name, { plain, config }) => {
      const content = { model_cfg: config };
      if (/^ViT-.*SigLIP/.test(name) && name !== 'ViT-SO400M-16-SigLIP-i18n-256') {
        const { architecture } = await read('open_clip_config.json', content);
        expect(architecture).toMatchObject({ family: 'siglip', embedding: config['embed_dim'] });
      } else if (/^PE-Core-/.test(name)) {
        const { architecture } = await read('open_clip_config.json', content);
        expect(architecture).toMatchObject({ family: 'pe', embedding: config['embed_dim'], activation: 'gelu' });
      } else if (/-worldwide/.test(name)) {
        const { architecture, ...texts } = await read('open_clip_config.json', content);
        expect(architecture).toMatchObject({ activation: config['quick_gelu'] ? 'quick-gelu' : 'gelu' });
        const mT5 = architecture.vocabularySize === 250_100;
        const ofTexts = mT5 ? { endTokenId: 1, clean: 'canonical' } : { endTokenId: 2, clean: 'none' };
        expect(texts).toMatchObject({ ...ofTexts, sentencePieces: true });
      } else if (plain) {
        const { architecture } = await read('open_clip_config.json', content);
        expect(architecture).toMatchObject({
          embedding: config['embed_dim'],
          activation: config['quick_gelu'] ? 'quick-gelu' : 'gelu',
        });
      } else {
        const { message } = await refusal('open_clip_config.json', content);
        expect(message).toMatch(/^(model_cfg|vision_cfg|text_cfg)\.\w+ is |^The configuration's model_cfg\./);
      }
    },
  );

  it.each([
    ['text_cfg', 'eos_id', null],
    ['text_cfg', 'eos_id', 'last'],
    ['text_cfg', 'tokenizer_kwargs', { clean: 'lower' }],
    ['text_cfg', 'no_causal_mask', true],
    ['vision_cfg', 'pool_type', 'avg'],
  ])('%s.%s = %j of a MetaCLIP 2 is refused by name', async (section, name, value) => {
    const { config } = known.open_clip['ViT-H-14-worldwide-quickgelu']!;
    const model_cfg = { ...config, [section]: { ...(config[section] as Json), [name]: value } };
    expect((await refusal('open_clip_config.json', { model_cfg })).message).toContain(`${section}.${name}`);
  });

  it.each([
    ['text_cfg', 'no_causal_mask', true],
    ['text_cfg', 'pool_type', 'last'],
    ['text_cfg', 'hf_tokenizer_name', 'google/mt5-base'],
    ['text_cfg', 'a_setting_of_tomorrow', 1],
    ['vision_cfg', 'timm_pool', 'token'],
    ['vision_cfg', 'timm_proj', 'linear'],
    ['vision_cfg', 'timm_model_name', 'vit_pe_core_base_patch16_224_mim'],
    ['model_cfg', 'init_logit_bias', -10],
    ['model_cfg', 'quick_gelu', true],
  ])('%s.%s = %j of a PE-Core is refused by name', async (section, name, value) => {
    const { config } = known.open_clip['PE-Core-B-16']!;
    const model_cfg =
      section === 'model_cfg'
        ? { ...config, [name]: value }
        : { ...config, [section]: { ...(config[section] as Json), [name]: value } };
    expect((await refusal('open_clip_config.json', { model_cfg })).message).toContain(`${section}.${name}`);
  });

  it.each([
    'openai/clip-vit-base-patch32',
    'laion/CLIP-ViT-L-14-laion2B-s32B-b82K',
    'timm/vit_base_patch16_clip_224.openai',
    '',
  ])("takes %j for OpenAI's tokenizer", async (hf_tokenizer_name) => {
    const { config } = known.open_clip['ViT-B-16']!;
    const model_cfg = { ...config, text_cfg: { ...(config['text_cfg'] as Json), hf_tokenizer_name } };
    expect((await read('open_clip_config.json', { model_cfg })).architecture.vocabularySize).toBe(49408);
  });

  it.each([
    ['text_cfg', 'pool_type', 'last'],
    ['text_cfg', 'hf_tokenizer_name', 'bert-base-uncased'],
    ['text_cfg', 'tokenizer_kwargs', { clean: 'canonicalize' }],
    ['text_cfg', 'no_causal_mask', true],
    ['text_cfg', 'norm_kwargs', { eps: 1e-6 }],
    ['text_cfg', 'act_kwargs', { approximate: 'tanh' }],
    ['text_cfg', 'qk_norm', true],
    ['vision_cfg', 'pool_type', 'avg'],
    ['vision_cfg', 'pos_embed_type', 'sin_cos_2d'],
    ['vision_cfg', 'norm_kwargs', { eps: 1e-6 }],
    ['vision_cfg', 'final_ln_after_pool', true],
    ['vision_cfg', 'a_setting_of_tomorrow', 1],
    ['model_cfg', 'multimodal_cfg', {}],
    ['model_cfg', 'init_logit_bias', -10],
  ])('%s.%s = %j is refused by name', async (section, name, value) => {
    const { config } = known.open_clip['ViT-B-16']!;
    const parts = { model_cfg: config, vision_cfg: config['vision_cfg'], text_cfg: config['text_cfg'] } as Record<
      string,
      Json
    >;
    parts[section] = { ...parts[section], [name]: value };
    const { model_cfg, vision_cfg, text_cfg } = parts;
    const { message } = await refusal('open_clip_config.json', { model_cfg: { ...model_cfg, vision_cfg, text_cfg } });
    expect(message).toContain(`${section}.${name}`);
  });
});

describe("transformers' configurations", () => {
  it.each(Object.entries(known.transformers))('the defaults of %s, all written out, are read', async (_, config) => {
    const { architecture } = await read('config.json', config);
    expect(architecture).toEqual({
      ...{ imageSize: 224, patchSize: 32, visionWidth: 768, visionLayers: 12, visionHeads: 12 },
      ...{ textWidth: 512, textLayers: 12, textHeads: 8, contextLength: 77, vocabularySize: 49408, embedding: 512 },
      activation: 'quick-gelu',
    });
  });

  it('the older text_config_dict goes before text_config, as in transformers', async () => {
    const content = {
      model_type: 'clip',
      ...{
        text_config: { hidden_act: 'quick_gelu', hidden_size: 512 },
        text_config_dict: { hidden_size: 1024, hidden_act: 'gelu' },
      },
      ...{ vision_config: { hidden_act: 'gelu' }, vision_config_dict: null },
    };
    expect((await read('config.json', content)).architecture).toMatchObject({ textWidth: 1024, activation: 'gelu' });
  });

  it.each([
    ['text_config', 'hidden_act', 'gelu_pytorch_tanh'],
    ['text_config', 'layer_norm_eps', 1e-6],
    ['text_config', 'eos_token_id', [1, 2]],
    ['text_config', 'pruned_heads', { 0: [1] }],
    ['text_config', 'is_decoder', true],
    ['text_config', 'rope_theta', 10000],
    ['vision_config', 'num_channels', 4],
    ['vision_config', 'image_size', [224, 336]],
    ['vision_config', 'use_head', true],
    ['', 'quantization_config', { load_in_8bit: true }],
    ['', 'a_setting_of_tomorrow', 'x'],
  ])('%s.%s = %j is refused by name', async (section, name, value) => {
    const [config] = Object.values(known.transformers);
    const changed =
      section === '' ? { [name]: value } : { [section]: { ...config![section as 'text_config'], [name]: value } };
    expect((await refusal('config.json', { ...config, ...changed })).message).toContain(name);
  });

  it.each(['siglip2', 'chinese_clip', 'clipseg'])('a model of type %s is refused by name', async (type) => {
    expect((await refusal('config.json', { model_type: type })).message).toContain(`"${type}"`);
  });

  it('the token that ends a text is read, and 2 stands for the largest id', async () => {
    const [config] = Object.values(known.transformers);
    const withEnd = (eos_token_id: unknown) => ({ ...config, text_config: { ...config!.text_config, eos_token_id } });
    expect((await read('config.json', withEnd(49407))).endTokenId).toBe(49407);
    expect((await read('config.json', withEnd(2))).endTokenId).toBeUndefined();
    const worldwide = await read('config.json', { ...withEnd(2), model_type: 'metaclip_2' });
    expect(worldwide).toMatchObject({ endTokenId: 2, sentencePieces: true });
  });
});

describe("transformers' SiglipConfig", () => {
  const written = {
    model_type: 'siglip',
    text_config: { model_type: 'siglip_text_model', hidden_size: 40, vocab_size: 400, projection_size: 48 },
    vision_config: { model_type: 'siglip_vision_model', hidden_size: 48, vision_use_head: true },
  };

  it('is read', async () => {
    const { architecture } = await read('config.json', written);
    expect(architecture).toMatchObject({ family: 'siglip', activation: 'gelu-tanh', textWidth: 40, embedding: 48 });
  });

  it.each([
    ['vision_config', 'vision_use_head', false],
    ['vision_config', 'layer_norm_eps', 1e-5],
    ['text_config', 'hidden_act', 'gelu'],
    ['text_config', 'hidden_act', 'silu'],
    ['vision_config', 'a_setting_of_tomorrow', 1],
    ['text_config', 'is_decoder', true],
  ])('%s.%s = %j is refused by name', async (section, name, value) => {
    const changed = { ...written, [section]: { ...written[section as 'text_config'], [name]: value } };
    expect((await refusal('config.json', changed)).message).toContain(`${section}.${name}`);
  });
});

describe("open_clip's configuration of a SigLIP", () => {
  it.each([
    ['text_cfg', 'no_causal_mask', false],
    ['text_cfg', 'pool_type', 'argmax'],
    ['text_cfg', 'norm_kwargs', undefined],
    ['text_cfg', 'tokenizer_kwargs', { clean: 'whitespace' }],
    ['vision_cfg', 'timm_pool', 'avg'],
    ['vision_cfg', 'timm_model_name', 'vit_base_patch16_siglip_gap_224'],
    ['vision_cfg', 'timm_proj', 'linear'],
    ['text_cfg', 'a_setting_of_tomorrow', 1],
  ])('%s.%s = %j is refused by name', async (section, name, value) => {
    const { config } = known.open_clip['ViT-B-16-SigLIP2']!;
    const model_cfg = { ...config, [section]: { ...(config[section] as Json), [name]: value } };
    expect((await refusal('open_clip_config.json', { model_cfg })).message).toContain(`${section}.${name}`);
  });
});

describe("timm's configuration", () => {
  it('is not taken for another: only images are read from it', async () => {
    const pretrained = {
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.5, 0.5],
      interpolation: 'bilinear',
      crop_pct: 1,
      crop_mode: 'squash',
    };
    const config = await read('config.json', { architecture: 'vit_base_patch16_clip_224', pretrained_cfg: pretrained });
    expect(config.architecture).toEqual({});
    expect(config.preprocessing).toMatchObject({ std: [0.25, 0.5, 0.5], interpolation: 'bilinear', resize: 'squash' });
    expect(config.notes).toEqual([expect.stringMatching(/timm's/)]);
  });
});

it('a configuration that is nested without end, too large, or no object is refused', async () => {
  const file = join(folder, 'config.json');
  for (const text of ['['.repeat(500_000), `"${'x'.repeat(2 ** 20)}"`, '[]', 'null', '{"model_type":']) {
    await writeFile(file, text);
    expect(() => readConfig(file)).toThrow(CheckpointError);
  }
});
