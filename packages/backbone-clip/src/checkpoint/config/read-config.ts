import { basename } from 'node:path';
import { CheckpointError } from '@promptweave/core';
import { timmPreprocessing } from '../preprocessing/timm-preprocessing.js';
import type { ClipConfig } from './clip-config.js';
import { flatConfig } from './flat-config.js';
import { isObject, readJsonObject, shown } from './json-file.js';
import { openClipConfig } from './open-clip-config.js';
import { isPe, peOpenClipConfig } from './pe-open-clip-config.js';
import { siglipConfig } from './siglip-config.js';
import { isSiglip, siglipOpenClipConfig } from './siglip-open-clip-config.js';
import { transformersConfig } from './transformers-config.js';

/**
 * Reads a configuration of whichever form: transformers' (CLIP, SigLIP, MetaCLIP 2), open_clip's, the flat form of the embedded model, or
 * timm's, which says nothing about the text tower.
 *
 * @throws CheckpointError when it is not JSON, describes another model, or has a setting that is not understood
 */
export function readConfig(file: string): ClipConfig {
  const json = readJsonObject(file);
  const type = json['model_type'];
  if (basename(file) === 'open_clip_config.json' || (type === undefined && 'model_cfg' in json)) {
    if (isSiglip(json)) return siglipOpenClipConfig(json, file);
    return isPe(json) ? peOpenClipConfig(json, file) : openClipConfig(json, file);
  }
  if (type === undefined && isObject(json['pretrained_cfg'])) return timmConfig(json, file);
  if (type === 'clip') return 'vision_width' in json ? flatConfig(json, file) : transformersConfig(json, file);
  if (type === 'metaclip_2') return transformersConfig(json, file);
  if (type === 'siglip') return siglipConfig(json, file);
  const found = type === undefined ? 'has no model_type' : `describes a model of type ${shown(type)}`;
  throw new CheckpointError(`The configuration ${found}; only "clip", "siglip" and "metaclip_2" can be loaded.`, {
    where: file,
    remedy:
      type === undefined
        ? 'If it does not belong to the weights, move them into a folder of their own.'
        : type === 'siglip2'
          ? 'This is a SigLIP 2 of variable resolution (NaFlex): choose one of fixed resolution, for example google/siglip2-base-patch16-224.'
          : 'Choose a CLIP with two transformers, for example openai/clip-vit-base-patch16, or a SigLIP.',
  });
}

/** timm's configuration of an image tower, as its repositories of CLIP's have it beside the whole model. */
function timmConfig(json: Record<string, unknown>, file: string): ClipConfig {
  return {
    file,
    architecture: {},
    preprocessing: timmPreprocessing(json['pretrained_cfg'] as Record<string, unknown>, file),
    notes: [
      `${basename(file)} is timm's: of the model it describes no more than the image tower, so its sizes are not read.`,
    ],
  };
}
