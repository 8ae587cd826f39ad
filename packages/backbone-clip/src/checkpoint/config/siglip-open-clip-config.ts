import { known, parsed, type ClipConfig } from './clip-config.js';
import { isObject } from './json-file.js';
import { textSizes } from './open-clip-text.js';
import { sideOf } from './sizes.js';
import { commonModelRules, statedPreprocessing, timmSchema, timmVisionRules } from './timm-tower-config.js';
import { anything, each, just, off, oneOf, requireUnderstood, unsupported, type Rules } from './understood.js';

/** Settings with which a model of open_clip is a SigLIP of fixed resolution. */
const rules: Readonly<Record<'model_cfg' | 'vision_cfg' | 'text_cfg', Rules>> = {
  model_cfg: {
    ...commonModelRules,
    ...each(anything, 'init_logit_bias'),
    ...each(off, 'quick_gelu', 'multimodal_cfg'),
  },
  vision_cfg: timmVisionRules('vit_…_patch…_siglip_…', /^vit_\w+_patch\d+_siglip_\d+$/),
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
  const { model_cfg: model } = parsed(timmSchema, json, file);
  const { vision_cfg: vision, text_cfg: text } = model;
  requireUnderstood(model, rules.model_cfg, 'model_cfg', file);
  requireUnderstood(vision, rules.vision_cfg, 'vision_cfg', file);
  requireUnderstood(text, rules.text_cfg, 'text_cfg', file);
  for (const name of required) {
    if (text[name] === undefined || text[name] === null) {
      throw unsupported(`text_cfg.${name}`, text[name], rules.text_cfg[name]!.expected, file);
    }
  }
  return {
    file,
    architecture: known({
      family: 'siglip',
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: Number(/_patch(\d+)_/.exec(vision.timm_model_name)![1]),
      ...textSizes(text),
      embedding: model.embed_dim,
    }),
    preprocessing: statedPreprocessing(json, file),
    notes: [
      'The tanh form of GELU is taken, with which SigLIP was trained; open_clip itself computes most SigLIPs with the exact form (activation=gelu).',
    ],
  };
}
