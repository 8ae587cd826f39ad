import { z } from 'zod';
import { openClipPreprocessing } from '../preprocessing/open-clip-preprocessing.js';
import { known, parsed, type ClipConfig } from './clip-config.js';
import { isObject, shown } from './json-file.js';
import { side, sideOf, size } from './sizes.js';
import { anything, each, off, oneOf, requireUnderstood, unsupported, type Rule, type Rules } from './understood.js';

const schema = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: size,
    vision_cfg: z.looseObject({ image_size: side.nullish(), timm_model_name: z.string() }),
    text_cfg: z.looseObject({
      context_length: size.nullish(),
      vocab_size: size.nullish(),
      width: size.nullish(),
      heads: size.nullish(),
      layers: size.nullish(),
    }),
  }),
});

/** An object of one setting. */
function just(object: Record<string, unknown>, alsoNone: boolean): Rule {
  const text = shown(object);
  return {
    expected: alsoNone ? `none, or ${text}` : text,
    allows: (value) => (alsoNone && off.allows(value)) || shown(value) === text,
  };
}

/** Settings with which a model of open_clip is a SigLIP of fixed resolution. */
const rules: Readonly<Record<'model_cfg' | 'vision_cfg' | 'text_cfg', Rules>> = {
  model_cfg: {
    ...each(anything, 'embed_dim', 'vision_cfg', 'text_cfg', 'init_logit_bias', 'init_logit_scale'),
    ...each(anything, 'custom_text', 'cast_dtype', 'output_dict', 'nonscalar_logit_scale'),
    ...each(off, 'quick_gelu', 'multimodal_cfg'),
  },
  vision_cfg: {
    ...each(anything, 'image_size', 'timm_model_pretrained', 'timm_drop', 'timm_drop_path'),
    timm_model_name: {
      expected: 'vit_…_patch…_siglip_…',
      allows: (value) => typeof value === 'string' && /^vit_\w+_patch\d+_siglip_\d+$/.test(value),
    },
    timm_pool: oneOf('map'),
    ...each(off, 'timm_proj', 'timm_proj_bias'),
  },
  text_cfg: {
    ...each(anything, 'context_length', 'vocab_size', 'width', 'heads', 'layers', 'mlp_ratio', 'hf_tokenizer_name'),
    ...each(oneOf(true), 'no_causal_mask', 'proj_bias'),
    pool_type: oneOf('last'),
    proj_type: oneOf('linear'),
    tokenizer_kwargs: just({ clean: 'canonicalize' }, true), // texts are cleaned as the option `clean` says
    norm_kwargs: just({ eps: 1e-6 }, false),
    act_kwargs: just({ approximate: 'tanh' }, true), // the activation is that of the training
    ...each(off, 'hf_model_name', 'ls_init_value', 'embed_cls', 'final_ln_after_pool'),
  },
};

/** What must be said: its default is CLIP's. */
const required = ['no_causal_mask', 'proj_bias', 'pool_type', 'norm_kwargs'] as const;

/** Whether `open_clip_config.json` describes a SigLIP. */
export function isSiglip(json: Record<string, unknown>): boolean {
  const model = json['model_cfg'];
  const vision = isObject(model) ? model['vision_cfg'] : undefined;
  return isObject(vision) && /siglip/i.test(String(vision['timm_model_name']));
}

/** Reads `open_clip_config.json` of a SigLIP. @throws CheckpointError when a setting is not understood */
export function siglipOpenClipConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const { model_cfg: model } = parsed(schema, json, file);
  const { vision_cfg: vision, text_cfg: text } = model;
  requireUnderstood(model, rules.model_cfg, 'model_cfg', file);
  requireUnderstood(vision, rules.vision_cfg, 'vision_cfg', file);
  requireUnderstood(text, rules.text_cfg, 'text_cfg', file);
  for (const name of required) {
    if (text[name] === undefined || text[name] === null) {
      throw unsupported(`text_cfg.${name}`, text[name], rules.text_cfg[name]!.expected, file);
    }
  }
  const stated = json['preprocess_cfg'] ?? {};
  if (!isObject(stated)) throw unsupported('preprocess_cfg', stated, 'an object', file);
  return {
    file,
    architecture: known({
      family: 'siglip',
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: Number(/_patch(\d+)_/.exec(vision.timm_model_name)![1]),
      textWidth: text.width ?? undefined,
      textLayers: text.layers ?? undefined,
      textHeads: text.heads ?? 8,
      contextLength: text.context_length ?? undefined,
      vocabularySize: text.vocab_size ?? undefined,
      embedding: model.embed_dim,
    }),
    preprocessing: off.allows(stated) ? undefined : openClipPreprocessing(stated, file),
    notes: [
      'The tanh form of GELU is taken, with which SigLIP was trained; open_clip itself computes most SigLIPs with the exact form (activation=gelu).',
    ],
  };
}
