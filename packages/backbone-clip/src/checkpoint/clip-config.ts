import { CheckpointError, RandomAccessFile } from '@promptweave/core';
import { z } from 'zod';
import type { Activation } from '../activation.js';
import type { ClipArchitecture } from './clip-architecture.js';

/** What a configuration file says of the architecture. */
export interface ClipConfig {
  /** Path of the file. */
  readonly file: string;
  readonly architecture: Partial<ClipArchitecture>;
}

const size = z.number().int().positive();
const activations: Readonly<Record<string, Activation>> = { quick_gelu: 'quick-gelu', gelu: 'gelu' };

/** The flat form, which the embedded model uses. */
const flat = z.looseObject({
  image_size: size,
  patch_size: size,
  vision_width: size,
  vision_layers: size,
  vision_heads: size,
  text_width: size,
  text_layers: size,
  text_heads: size,
  context_length: size,
  vocab_size: size,
  embedding_size: size,
  activation: z.string(),
});

const tower = {
  hidden_size: size.optional(),
  intermediate_size: size.optional(),
  num_hidden_layers: size.optional(),
  num_attention_heads: size.optional(),
  hidden_act: z.string().optional(),
  layer_norm_eps: z.number().optional(),
};

/** transformers' CLIPConfig; every value has a default there, so every value may be absent. */
const huggingFace = z.looseObject({
  projection_dim: size.optional(),
  text_config: z
    .looseObject({ ...tower, max_position_embeddings: size.optional(), vocab_size: size.optional() })
    .optional(),
  vision_config: z.looseObject({ ...tower, image_size: size.optional(), patch_size: size.optional() }).optional(),
});

const openClip = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: size,
    quick_gelu: z.boolean().optional(),
    vision_cfg: z.looseObject({
      image_size: z.union([size, z.tuple([size, size])]).optional(),
      layers: z.union([size, z.array(size)]).optional(),
      width: size.optional(),
      patch_size: size.optional(),
      head_width: size.optional(),
    }),
    text_cfg: z.looseObject({
      context_length: size.optional(),
      vocab_size: size.optional(),
      width: size.optional(),
      heads: size.optional(),
      layers: size.optional(),
    }),
  }),
});

/** Settings of open_clip that change what is computed; here they have no counterpart. */
const UNSUPPORTED = {
  model_cfg: ['multimodal_cfg', 'init_logit_bias'],
  vision_cfg: [
    'timm_model_name',
    'attentional_pool',
    'attn_pooler',
    'global_average_pool',
    'no_ln_pre',
    'ls_init_value',
  ],
  text_cfg: ['hf_model_name', 'embed_cls', 'no_causal_mask', 'ls_init_value', 'proj_bias', 'proj_type'],
} as const;

/**
 * Reads `config.json` (transformers' CLIPConfig, or the flat form of the embedded model).
 *
 * @throws CheckpointError when it is not JSON, or describes another model
 */
export function readConfig(file: string): ClipConfig {
  const json = readJson(file);
  const type = json['model_type'];
  if (type !== 'clip') {
    const found = type === undefined ? 'has no model_type' : `describes a model of type ${JSON.stringify(type)}`;
    throw new CheckpointError(`The configuration ${found}; only "clip" can be loaded.`, {
      where: file,
      remedy:
        type === undefined
          ? 'If it does not belong to the weights, move them into a folder of their own.'
          : 'Choose a CLIP with two transformers, for example openai/clip-vit-base-patch16.',
    });
  }
  if ('vision_width' in json) {
    const config = parsed(flat, json, file);
    return {
      file,
      architecture: {
        imageSize: config.image_size,
        patchSize: config.patch_size,
        visionWidth: config.vision_width,
        visionLayers: config.vision_layers,
        visionHeads: config.vision_heads,
        textWidth: config.text_width,
        textLayers: config.text_layers,
        textHeads: config.text_heads,
        contextLength: config.context_length,
        vocabularySize: config.vocab_size,
        embedding: config.embedding_size,
        activation: activationOf(config.activation, 'activation', file),
      },
    };
  }
  const { projection_dim, text_config: text = {}, vision_config: vision = {} } = parsed(huggingFace, json, file);
  for (const [name, value] of [
    ['text_config', text],
    ['vision_config', vision],
  ] as const) {
    const epsilon = value.layer_norm_eps ?? 1e-5;
    if (epsilon !== 1e-5) throw unsupported(`${name}.layer_norm_eps`, epsilon, '0.00001', file);
  }
  const activation = activationOf(vision.hidden_act ?? 'quick_gelu', 'vision_config.hidden_act', file);
  if (activationOf(text.hidden_act ?? 'quick_gelu', 'text_config.hidden_act', file) !== activation) {
    throw unsupported('text_config.hidden_act', text.hidden_act, 'the same as vision_config.hidden_act', file);
  }
  return {
    file,
    architecture: known({
      imageSize: vision.image_size,
      patchSize: vision.patch_size,
      visionWidth: vision.hidden_size,
      visionLayers: vision.num_hidden_layers,
      visionHeads: vision.num_attention_heads ?? 12,
      textWidth: text.hidden_size,
      textLayers: text.num_hidden_layers,
      textHeads: text.num_attention_heads ?? 8,
      contextLength: text.max_position_embeddings,
      vocabularySize: text.vocab_size,
      embedding: projection_dim,
      activation,
    }),
  };
}

/**
 * Reads `open_clip_config.json`.
 *
 * @throws CheckpointError when it is not JSON, or describes a model that is no plain CLIP
 */
export function readOpenClipConfig(file: string): ClipConfig {
  const { model_cfg: model } = parsed(openClip, readJson(file), file);
  const { vision_cfg: vision, text_cfg: text } = model;
  for (const [section, values] of Object.entries({ model_cfg: model, vision_cfg: vision, text_cfg: text })) {
    for (const key of UNSUPPORTED[section as keyof typeof UNSUPPORTED]) {
      const value = values[key];
      if (value !== undefined && value !== null && value !== false && value !== 'none') {
        throw unsupported(`${section}.${key}`, value, 'none', file);
      }
    }
  }
  if (Array.isArray(vision.layers))
    throw unsupported('vision_cfg.layers', vision.layers, 'one number (no ResNet)', file);
  const width = vision.width;
  return {
    file,
    architecture: known({
      imageSize: Array.isArray(vision.image_size) ? vision.image_size[0] : vision.image_size,
      patchSize: vision.patch_size,
      visionWidth: width,
      visionLayers: vision.layers,
      visionHeads: width === undefined ? undefined : width / (vision.head_width ?? 64),
      textWidth: text.width,
      textLayers: text.layers,
      textHeads: text.heads ?? 8,
      contextLength: text.context_length,
      vocabularySize: text.vocab_size,
      embedding: model.embed_dim,
      activation: model.quick_gelu === true ? 'quick-gelu' : 'gelu',
    }),
  };
}

/** @throws CheckpointError when the configuration contradicts the weights */
export function requireAgreement({ file, architecture }: ClipConfig, found: ClipArchitecture): void {
  for (const [name, value] of Object.entries(architecture)) {
    const actual = found[name as keyof ClipArchitecture];
    if (value === actual || ['visionHeads', 'textHeads', 'activation', 'imageSize'].includes(name)) continue;
    throw new CheckpointError(`The configuration says ${name} ${value}, the weights have ${actual}.`, {
      where: file,
      remedy: 'Put the weights and the configuration that belongs to them into a folder of their own.',
    });
  }
}

function readJson(file: string): Record<string, unknown> {
  const contents = new RandomAccessFile(file);
  try {
    const value: unknown = JSON.parse(Buffer.from(contents.read(0, Math.min(contents.size, 2 ** 20))).toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new CheckpointError(`The configuration is not JSON: ${cause.message}.`, {
      where: file,
      remedy: 'Get the file again.',
      cause,
    });
  }
  throw new CheckpointError('The configuration is not a JSON object.', { where: file, remedy: 'Get the file again.' });
}

function parsed<T>(schema: z.ZodType<T>, json: unknown, file: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CheckpointError(`The configuration's ${issue?.path.join('.') || 'content'}: ${issue?.message}.`, {
    where: file,
    remedy: 'Correct the value, or get the file again.',
  });
}

function activationOf(name: string, key: string, file: string): Activation {
  const activation = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (!activation) throw unsupported(key, name, 'quick_gelu or gelu', file);
  return activation;
}

function unsupported(key: string, value: unknown, expected: string, file: string): CheckpointError {
  return new CheckpointError(`${key} is ${JSON.stringify(value)}, expected ${expected}.`, {
    where: file,
    remedy: 'Choose a CLIP with two plain transformers, for example openai/clip-vit-base-patch16.',
  });
}

function known(values: { [K in keyof ClipArchitecture]: ClipArchitecture[K] | undefined }): Partial<ClipArchitecture> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
