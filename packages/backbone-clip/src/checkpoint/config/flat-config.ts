import { z } from 'zod';
import { statedNumbers } from '../preprocessing/stated-preprocessing.js';
import { activationOf, parsed, type ClipConfig } from './clip-config.js';
import { size } from './sizes.js';
import { anything, each, oneOf, requireUnderstood } from './understood.js';

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

const rules = {
  ...each(anything, ...Object.keys(flat.shape), 'image_mean', 'image_std', 'weights', 'tokenizer'),
  model_type: oneOf('clip'),
};

/** Reads the flat form of `config.json`, which the embedded model uses. @throws CheckpointError */
export function flatConfig(json: Record<string, unknown>, file: string): ClipConfig {
  const config = parsed(flat, json, file);
  requireUnderstood(json, rules, '', file);
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
    preprocessing: {
      file,
      mean: statedNumbers(json['image_mean'], 'image_mean', file),
      std: statedNumbers(json['image_std'], 'image_std', file),
    },
    notes: [],
  };
}
