import { z } from 'zod';
import { activationOf, known, parsed, type ClipConfig } from './clip-config.js';
import { isObject } from './json-file.js';
import { side, sideOf, size } from './sizes.js';
import { anything, each, off, oneOf, requireUnderstood, unsupported, type Rules } from './understood.js';

const tower = {
  hidden_size: size.nullish(),
  intermediate_size: size.nullish(),
  num_hidden_layers: size.nullish(),
  num_attention_heads: size.nullish(),
  hidden_act: z.string().nullish(),
  layer_norm_eps: z.number().nullish(),
};
/** Settings of a text tower that are read. */
export const textSchema = z.looseObject({
  ...tower,
  max_position_embeddings: size.nullish(),
  vocab_size: size.nullish(),
  eos_token_id: z.union([z.number().int().nonnegative(), z.array(z.number())]).nullish(),
});
/** Settings of a vision tower that are read. */
export const visionSchema = z.looseObject({ ...tower, image_size: side.nullish(), patch_size: side.nullish() });

/** What any configuration of transformers may hold, from its first version with CLIP (4.6) to 5.24, and what CLIP does with it. */
export const commonRules: Rules = {
  ...each(
    anything,
    ...['_name_or_path', 'name_or_path', '_commit_hash', 'architectures', 'transformers_version', 'model_type'],
    // how it is computed, trained or returned
    ...['torch_dtype', 'dtype', 'torchscript', 'use_bfloat16', 'attn_implementation', '_attn_implementation'],
    ...[
      '_attn_implementation_internal',
      '_attn_implementation_autoset',
      'experts_implementation',
      '_flash_attn_2_enabled',
    ],
    ...['gradient_checkpointing', 'chunk_size_feed_forward', 'use_cache', 'xla_device', 'tf_legacy_loss'],
    ...['output_attentions', '_output_attentions', 'output_hidden_states', 'output_scores', 'return_dict'],
    ...['return_dict_in_generate', 'dropout', 'attention_dropout', 'initializer_range', 'initializer_factor'],
    ...['tie_word_embeddings', 'tie_encoder_decoder', 'projection_dim'],
    // of models with a head, or that write text
    ...['id2label', 'label2id', 'num_labels', 'problem_type', 'finetuning_task', 'task_specific_params', 'prefix'],
    ...['tokenizer_class', 'bos_token_id', 'pad_token_id', 'sep_token_id', 'decoder_start_token_id'],
    ...['forced_bos_token_id', 'forced_eos_token_id', 'max_length', 'min_length', 'max_new_tokens', 'do_sample'],
    ...['early_stopping', 'num_beams', 'num_beam_groups', 'diversity_penalty', 'temperature', 'top_k', 'top_p'],
    ...['typical_p', 'repetition_penalty', 'length_penalty', 'no_repeat_ngram_size', 'encoder_no_repeat_ngram_size'],
    ...['bad_words_ids', 'num_return_sequences', 'remove_invalid_values', 'exponential_decay_length_penalty'],
    ...['suppress_tokens', 'begin_suppress_tokens', 'cross_attention_hidden_size'],
  ),
  ...each(off, 'add_cross_attention', 'is_decoder', 'is_encoder_decoder', 'pruned_heads'),
  ...each(off, 'quantization_config', 'auto_map'),
};
/** What a tower's section may hold. */
export const towerRules: Rules = {
  ...commonRules,
  ...each(anything, ...Object.keys(tower)),
};
const rules: Readonly<Record<'' | 'text_config' | 'vision_config', Rules>> = {
  '': {
    ...commonRules,
    ...each(anything, 'text_config', 'vision_config', 'text_config_dict', 'vision_config_dict'),
    ...each(anything, 'logit_scale_init_value', 'eos_token_id'),
  },
  text_config: { ...towerRules, ...each(anything, 'max_position_embeddings', 'vocab_size', 'eos_token_id') },
  vision_config: {
    ...towerRules,
    ...each(anything, 'image_size', 'patch_size', 'eos_token_id'),
    num_channels: oneOf(3),
  },
};

/** Where transformers reads a text at its largest id, whatever else the configuration says (the value of its first versions). */
const LARGEST_ID = 2;

/**
 * Reads transformers' CLIPConfig, or MetaClip2Config, whose towers are CLIP's and whose texts are read at the first end. Every value has a default there, so every value may be absent.
 *
 * @throws CheckpointError when a setting is not understood
 */
export function transformersConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const { projection_dim } = parsed(z.looseObject({ projection_dim: size.nullish() }), json, file);
  const text = parsed(textSchema, section(json, 'text_config', file), file, 'text_config');
  const vision = parsed(visionSchema, section(json, 'vision_config', file), file, 'vision_config');
  requireUnderstood(json, rules[''], '', file);
  requireUnderstood(text, rules.text_config, 'text_config', file);
  requireUnderstood(vision, rules.vision_config, 'vision_config', file);
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
  const worldwide = json['model_type'] === 'metaclip_2';
  const { eos_token_id: end } = text;
  if (Array.isArray(end)) throw unsupported('text_config.eos_token_id', end, 'one number', file);
  return {
    file,
    architecture: known({
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: sideOf(vision.patch_size ?? undefined),
      visionWidth: vision.hidden_size ?? undefined,
      visionLayers: vision.num_hidden_layers ?? undefined,
      visionHeads: vision.num_attention_heads ?? 12,
      textWidth: text.hidden_size ?? undefined,
      textLayers: text.num_hidden_layers ?? undefined,
      textHeads: text.num_attention_heads ?? 8,
      contextLength: text.max_position_embeddings ?? undefined,
      vocabularySize: text.vocab_size ?? undefined,
      embedding: projection_dim ?? undefined,
      activation,
    }),
    ...(worldwide && { sentencePieces: true }),
    endTokenId: typeof end === 'number' && (worldwide || end !== LARGEST_ID) ? end : undefined,
    notes: [],
  };
}

/** As transformers does it, the older `…_dict` beside a section overrides it. */
export function section(json: Record<string, unknown>, name: string, file: string): Record<string, unknown> {
  const [present, older] = [json[name] ?? {}, json[`${name}_dict`] ?? {}];
  for (const [key, value] of [
    [name, present],
    [`${name}_dict`, older],
  ] as const) {
    if (!isObject(value)) throw unsupported(key, value, 'an object', file);
  }
  return { ...(present as object), ...(older as object) };
}
