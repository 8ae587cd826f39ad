import { z } from 'zod';
import { openClipPreprocessing } from '../preprocessing/open-clip-preprocessing.js';
import type { ClipConfig } from './clip-config.js';
import { isObject } from './json-file.js';
import { textSchema } from './open-clip-text.js';
import { side, size } from './sizes.js';
import { anything, each, off, oneOf, unsupported, type Rules } from './understood.js';

/** `open_clip_config.json` of a model with one of timm's networks as its image tower. */
export const timmSchema = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: size,
    vision_cfg: z.looseObject({ image_size: side.nullish(), timm_model_name: z.string() }),
    text_cfg: textSchema,
  }),
});

/** What stands beside the towers and changes nothing. */
export const commonModelRules: Rules = {
  ...each(anything, 'embed_dim', 'vision_cfg', 'text_cfg', 'init_logit_scale'),
  ...each(anything, 'custom_text', 'cast_dtype', 'output_dict', 'nonscalar_logit_scale'),
};

/** Settings of an image tower of timm's that ends with attention pooling. */
export function timmVisionRules(expected: string, name: RegExp): Rules {
  return {
    ...each(anything, 'image_size', 'timm_model_pretrained', 'timm_drop', 'timm_drop_path'),
    timm_model_name: { expected, allows: (value) => typeof value === 'string' && name.test(value) },
    timm_pool: oneOf('map'),
    ...each(off, 'timm_proj', 'timm_proj_bias'),
  };
}

/** What the file says of images. @throws CheckpointError */
export function statedPreprocessing(json: Record<string, unknown>, file: string): ClipConfig['preprocessing'] {
  const stated = json['preprocess_cfg'] ?? {};
  if (!isObject(stated)) throw unsupported('preprocess_cfg', stated, 'an object', file);
  return off.allows(stated) ? undefined : openClipPreprocessing(stated, file);
}
