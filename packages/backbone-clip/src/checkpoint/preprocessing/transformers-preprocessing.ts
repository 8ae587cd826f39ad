import { basename } from 'node:path';
import type { Preprocessing } from '@promptweave/core';
import { isObject, readJsonObject, shown } from '../config/json-file.js';
import { anything, each, off, oneOf, requireUnderstood, type Rule, type Rules } from '../config/understood.js';
import { cannot, statedNumbers, statedPixels, type StatedPreprocessing } from './stated-preprocessing.js';

/** Values are divided by 255, written with more or fewer digits. */
const byteScale: Rule = {
  expected: '1/255',
  allows: (value) => value === null || (typeof value === 'number' && Math.abs(value * 255 - 1) < 1e-6),
};
const yes = oneOf(true);

/** All that transformers' image processors of CLIP have written since its first version with CLIP. */
const rules: Rules = {
  ...each(anything, 'image_processor_type', 'feature_extractor_type', 'processor_class', '_processor_class'),
  ...each(anything, '_valid_processor_keys', 'data_format', 'input_data_format', 'return_tensors', 'device'),
  ...each(anything, 'do_convert_rgb', 'default_to_square', 'disable_grouping', 'transformers_version'),
  ...each(anything, 'size', 'crop_size', 'do_center_crop', 'resample', 'do_normalize', 'image_mean', 'image_std'),
  ...each(yes, 'do_resize', 'do_rescale'),
  ...each(off, 'do_pad', 'pad_size', 'do_flip_channel_order', 'do_reduce_labels', 'auto_map', 'use_square_size'),
  rescale_factor: byteScale,
};

/** Numbers of Pillow's kernels. */
const kernels: Readonly<Record<number, Preprocessing['interpolation']>> = { 2: 'bilinear', 3: 'bicubic' };

/**
 * Reads transformers' `preprocessor_config.json` of any version, or the `image_processor` of a `processor_config.json`.
 *
 * @throws CheckpointError when it is malformed, or says what is not done here
 */
export function readPreprocessorConfig(file: string): StatedPreprocessing | undefined {
  const json = readJsonObject(file);
  const stated = basename(file) === 'processor_config.json' ? json['image_processor'] : json;
  if (stated === undefined) return undefined; // it is about the tokenizer alone
  if (!isObject(stated)) throw cannot(`image_processor is ${shown(stated)}, expected an object`, file);
  requireUnderstood(stated, rules, '', file);
  const resample = stated['resample'] ?? 3;
  const interpolation = typeof resample === 'number' ? kernels[resample] : undefined;
  if (interpolation === undefined) {
    throw cannot(`resample is ${shown(resample)}, expected 2 (bilinear) or 3 (bicubic)`, file);
  }
  const plain = stated['do_normalize'] === false;
  if (!plain && isSquareProcessor(stated) && !(stated['image_mean'] && stated['image_std'])) {
    throw cannot('image_mean or image_std is absent', file); // its default is not CLIP's
  }
  return {
    file,
    mean: plain ? [0, 0, 0] : statedNumbers(stated['image_mean'], 'image_mean', file),
    std: plain ? [1, 1, 1] : statedNumbers(stated['image_std'], 'image_std', file),
    interpolation,
    ...geometryOf(stated, file),
  };
}

function geometryOf(stated: Record<string, unknown>, file: string): Pick<StatedPreprocessing, 'resize' | 'size'> {
  const resized = resizedTo(stated, file);
  const crops = stated['do_center_crop'] ?? !isSquareProcessor(stated);
  if (crops !== true) {
    if (resized.resize === 'squash') return resized;
    throw cannot(
      `do_center_crop is ${shown(crops)}, but only the short side is resized: images keep their shapes`,
      file,
    );
  }
  if (stated['crop_size'] === undefined || stated['crop_size'] === null) return resized;
  const cropped = squareOf(stated['crop_size'], 'crop_size', file);
  if (resized.size === undefined || cropped === resized.size) return { ...resized, size: cropped };
  throw cannot(
    `the side is resized to ${resized.size} pixels and ${cropped} are cut out, expected the same number`,
    file,
  );
}

/** A number is the short side for CLIP's processors and the square for ViT's and SigLIP's. */
function resizedTo(stated: Record<string, unknown>, file: string): Pick<StatedPreprocessing, 'resize' | 'size'> {
  const size = stated['size'];
  const resize = isSquareProcessor(stated) ? 'squash' : 'shortest';
  if (size === undefined || size === null) return { resize };
  if (typeof size === 'number') return { resize, size: statedPixels(size, 'size', file) };
  if (isObject(size) && Object.keys(size).join() === 'shortest_edge') {
    return { resize: 'shortest', size: statedPixels(size['shortest_edge'], 'size.shortest_edge', file) };
  }
  return { resize: 'squash', size: squareOf(size, 'size', file) };
}

function isSquareProcessor({ image_processor_type, feature_extractor_type }: Record<string, unknown>): boolean {
  const type = image_processor_type ?? feature_extractor_type;
  return typeof type === 'string' && /^(ViT|Siglip)/i.test(type);
}

function squareOf(value: unknown, name: string, file: string): number {
  const sides = isObject(value) ? [value['height'], value['width']] : Array.isArray(value) ? value : [value, value];
  const known = !isObject(value) || Object.keys(value).sort().join() === 'height,width';
  if (known && sides.length === 2 && sides[0] === sides[1]) return statedPixels(sides[0], name, file);
  throw cannot(`${name} is ${shown(value)}, expected the side of a square`, file);
}
