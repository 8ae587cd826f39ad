import { z } from 'zod';
import { known, parsed, type ClipConfig } from './clip-config.js';
import { isObject, shown } from './json-file.js';
import { textSchema, textSizes } from './open-clip-text.js';
import { side, sideOf, size } from './sizes.js';
import { statedPreprocessing } from './timm-tower-config.js';
import {
  absent,
  anything,
  each,
  just,
  off,
  oneOf,
  requireUnderstood,
  unsupported,
  type Rule,
  type Rules,
} from './understood.js';

const openClip = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: size,
    quick_gelu: z.boolean().nullish(),
    vision_cfg: z.looseObject({
      image_size: side.nullish(),
      layers: z.union([size, z.array(size)]).nullish(),
      width: size.nullish(),
      patch_size: side.nullish(),
      head_width: size.nullish(),
    }),
    text_cfg: textSchema,
  }),
});

/** OpenAI's vocabulary, which open_clip uses where no other is named, and the repositories of CLIPs have. */
const openAiTokenizer: Rule = {
  expected: "none, or that of a repository of OpenAI's CLIP",
  allows: (value) => off.allows(value) || (typeof value === 'string' && /(^|[/_-])clip([_-]|$)/i.test(value)),
};
const epsilon: Rule = {
  expected: 'none, or { "eps": 0.00001 }',
  allows: (value) => off.allows(value) || shown(value) === '{"eps":0.00001}',
};

/** Both towers; LayerScale, norms within blocks and other activations are not there. */
const tower: Rules = {
  ...each(anything, 'width', 'layers', 'mlp_ratio', 'output_tokens'),
  ...each(off, 'ls_init_value', 'act_kwargs', 'final_ln_after_pool'),
  ...each(off, 'qk_norm', 'scaled_cosine_attn', 'scale_heads', 'scale_attn_inner', 'scale_attn', 'scale_fc'),
  norm_kwargs: epsilon,
  block_type: oneOf('default'),
};

/** Settings with which a text tower is CLIP's. */
export const plainTextRules: Rules = {
  ...tower,
  ...each(anything, 'context_length', 'vocab_size', 'heads'),
  ...each(anything, 'pad_id', 'eos_id'), // of a class token and of pool_type eos, which are not there
  ...each(anything, 'hf_model_pretrained', 'hf_proj_type', 'hf_pooler_type', 'proj', 'pooler_type'),
  ...each(off, 'hf_model_name', 'embed_cls', 'no_causal_mask', 'proj_bias', 'tokenizer_kwargs', 'tokenizer_mode'),
  hf_tokenizer_name: openAiTokenizer,
  pool_type: oneOf('argmax'),
  proj_type: oneOf('linear'),
};

/** Those of a MetaCLIP 2, which is read at the first end of a vocabulary of sentence pieces. */
const worldwideTextRules: Rules = {
  ...plainTextRules,
  ...each(anything, 'hf_tokenizer_name'),
  tokenizer_kwargs: just({ clean: 'canonicalize' }, true),
  pool_type: oneOf('eos'),
  eos_id: { expected: 'the id of the end of text', allows: (value) => Number.isInteger(value) },
};

/** Settings of open_clip (to 3.3, and older ones) with which a model is a plain CLIP. */
const rules: Readonly<Record<'model_cfg' | 'vision_cfg', Rules>> = {
  model_cfg: {
    ...each(anything, 'embed_dim', 'vision_cfg', 'text_cfg', 'quick_gelu'),
    ...each(anything, 'custom_text', 'cast_dtype', 'output_dict', 'init_logit_scale', 'nonscalar_logit_scale'),
    ...each(absent, 'multimodal_cfg', 'init_logit_bias'),
  },
  vision_cfg: {
    ...tower,
    ...each(anything, 'head_width', 'patch_size', 'image_size', 'patch_dropout'),
    ...each(anything, 'attn_pooler_queries', 'attn_pooler_heads', 'n_queries'), // of an attentional pooler, which is not there
    ...each(
      anything,
      'timm_model_pretrained',
      'timm_pool',
      'timm_proj',
      'timm_proj_bias',
      'timm_drop',
      'timm_drop_path',
    ),
    ...each(off, 'timm_model_name', 'attentional_pool', 'global_average_pool', 'no_ln_pre', 'input_patchnorm'),
    pos_embed_type: oneOf('learnable'),
    pool_type: oneOf('tok'),
  },
};

/**
 * Reads `open_clip_config.json`.
 *
 * @throws CheckpointError when it describes a model that is no plain CLIP, or one with a setting that is not understood
 */
export function openClipConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const { model_cfg: model } = parsed(openClip, json, file);
  const { vision_cfg: vision, text_cfg: text } = model;
  requireUnderstood(model, rules.model_cfg, 'model_cfg', file);
  requireUnderstood(vision, rules.vision_cfg, 'vision_cfg', file);
  const worldwide = text['pool_type'] === 'eos';
  requireUnderstood(text, worldwide ? worldwideTextRules : plainTextRules, 'text_cfg', file);
  if (worldwide && !Number.isInteger(text['eos_id'])) {
    throw unsupported('text_cfg.eos_id', text['eos_id'], 'the id of the end of text', file);
  }
  if (Array.isArray(vision.layers)) {
    throw unsupported('vision_cfg.layers', vision.layers, 'one number (no ResNet)', file);
  }
  const width = vision.width ?? undefined;
  return {
    file,
    architecture: known({
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: sideOf(vision.patch_size ?? undefined),
      visionWidth: width,
      visionLayers: vision.layers ?? undefined,
      visionHeads: width === undefined ? undefined : width / (vision.head_width ?? 64),
      ...textSizes(text),
      embedding: model.embed_dim,
      activation: model.quick_gelu === true ? 'quick-gelu' : 'gelu',
    }),
    preprocessing: statedPreprocessing(json, file),
    ...(worldwide && {
      sentencePieces: true,
      endTokenId: text['eos_id'] as number,
      clean: isObject(text['tokenizer_kwargs']) && 'clean' in text['tokenizer_kwargs'] ? 'canonical' : 'none',
    }),
    notes: [],
  };
}
