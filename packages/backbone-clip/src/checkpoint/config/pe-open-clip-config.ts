import { known, parsed, type ClipConfig } from './clip-config.js';
import { isObject } from './json-file.js';
import { textSizes } from './open-clip-text.js';
import { commonModelRules, statedPreprocessing, timmSchema, timmVisionRules } from './timm-tower-config.js';
import { sideOf } from './sizes.js';
import { plainTextRules } from './open-clip-config.js';
import { absent, each, off, requireUnderstood, type Rules } from './understood.js';

/** Settings with which a model of open_clip is a PE-Core. */
const rules: Readonly<Record<'model_cfg' | 'vision_cfg', Rules>> = {
  model_cfg: { ...commonModelRules, ...each(absent, 'init_logit_bias', 'multimodal_cfg'), ...each(off, 'quick_gelu') },
  vision_cfg: timmVisionRules('vit_pe_core_…_patch…_…', /^vit_pe_core_[a-z]+_patch\d+_\d+$/),
};

/** Whether `open_clip_config.json` describes a PE-Core. */
export function isPe(json: Record<string, unknown>): boolean {
  const model = json['model_cfg'];
  const vision = isObject(model) ? model['vision_cfg'] : undefined;
  return isObject(vision) && /^vit_pe_core_/.test(String(vision['timm_model_name']));
}

/** Reads `open_clip_config.json` of a PE-Core: timm's image tower, CLIP's text tower. @throws CheckpointError when a setting is not understood */
export function peOpenClipConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const { model_cfg: model } = parsed(timmSchema, json, file);
  const { vision_cfg: vision, text_cfg: text } = model;
  requireUnderstood(model, rules.model_cfg, 'model_cfg', file);
  requireUnderstood(vision, rules.vision_cfg, 'vision_cfg', file);
  requireUnderstood(text, plainTextRules, 'text_cfg', file);
  return {
    file,
    architecture: known({
      family: 'pe',
      imageSize: sideOf(vision.image_size ?? undefined),
      patchSize: Number(/_patch(\d+)_/.exec(vision.timm_model_name)![1]),
      ...textSizes(text),
      embedding: model.embed_dim,
      activation: 'gelu',
    }),
    preprocessing: statedPreprocessing(json, file),
    notes: [],
  };
}
