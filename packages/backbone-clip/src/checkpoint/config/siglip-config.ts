import { z } from 'zod';
import { activationOf, known, parsed, type ClipConfig } from './clip-config.js';
import { sideOf, size } from './sizes.js';
import { commonRules, section, textSchema, towerRules, visionSchema } from './transformers-config.js';
import { anything, each, oneOf, requireUnderstood, unsupported, type Rules } from './understood.js';

const rules: Readonly<Record<'' | 'text_config' | 'vision_config', Rules>> = {
  '': { ...commonRules, ...each(anything, 'text_config', 'vision_config', 'text_config_dict', 'vision_config_dict') },
  text_config: {
    ...towerRules,
    // Its default ends of texts are CLIP's, by mistake; the tokenizer knows better.
    ...each(anything, 'max_position_embeddings', 'vocab_size', 'projection_size', 'eos_token_id'),
  },
  vision_config: {
    ...towerRules,
    ...each(anything, 'image_size', 'patch_size'),
    num_channels: oneOf(3),
    vision_use_head: oneOf(true),
  },
};

/** SigLIP's, where transformers has another default than for CLIP. */
const defaults = { hidden_act: 'gelu_pytorch_tanh', layer_norm_eps: 1e-6, num_attention_heads: 12 } as const;

/**
 * Reads transformers' SiglipConfig, which SigLIP 2 of fixed resolution has as well. Every value may be absent.
 *
 * @throws CheckpointError when a setting is not understood
 */
export function siglipConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const text = parsed(
    textSchema.extend({ projection_size: size.nullish() }),
    section(json, 'text_config', file),
    file,
    'text_config',
  );
  const vision = parsed(visionSchema, section(json, 'vision_config', file), file, 'vision_config');
  parsed(z.looseObject({}), json, file);
  requireUnderstood(json, rules[''], '', file);
  requireUnderstood(text, rules.text_config, 'text_config', file);
  requireUnderstood(vision, rules.vision_config, 'vision_config', file);
  for (const [name, value] of Object.entries({ text_config: text, vision_config: vision })) {
    const epsilon = value.layer_norm_eps ?? defaults.layer_norm_eps;
    if (epsilon !== defaults.layer_norm_eps) {
      throw unsupported(`${name}.layer_norm_eps`, epsilon, '0.000001', file);
    }
  }
  const activation = activationOf(vision.hidden_act ?? defaults.hidden_act, 'vision_config.hidden_act', file);
  if (activationOf(text.hidden_act ?? defaults.hidden_act, 'text_config.hidden_act', file) !== activation) {
    throw unsupported('text_config.hidden_act', text.hidden_act, 'the same as vision_config.hidden_act', file);
  }
  return {
    file,
    architecture: known({
      family: 'siglip',
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: sideOf(vision.patch_size ?? undefined),
      visionWidth: vision.hidden_size ?? undefined,
      visionLayers: vision.num_hidden_layers ?? undefined,
      visionHeads: vision.num_attention_heads ?? undefined,
      textWidth: text.hidden_size ?? undefined,
      textLayers: text.num_hidden_layers ?? undefined,
      textHeads: text.num_attention_heads ?? undefined,
      contextLength: text.max_position_embeddings ?? undefined,
      vocabularySize: text.vocab_size ?? undefined,
      embedding: text.projection_size ?? undefined,
      activation,
    }),
    notes: [],
  };
}
