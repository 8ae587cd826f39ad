import { oneOf, requireUnderstood, anything, each, type Rules } from '../config/understood.js';
import { cannot, statedNumbers, type StatedPreprocessing } from './stated-preprocessing.js';
import { shown } from '../config/json-file.js';

/**
 * open_clip prepares images in the size of the image tower, whatever `size` says; `fill_color` is of the border that
 * `resize_mode: longest` leaves, which is refused.
 */
const rules: Rules = {
  ...each(anything, 'size', 'mean', 'std', 'interpolation', 'resize_mode', 'fill_color'),
  mode: oneOf('RGB'),
};

/** `preprocess_cfg` of open_clip. What it leaves out has open_clip's default. @throws CheckpointError */
export function openClipPreprocessing(stated: Record<string, unknown>, file: string): StatedPreprocessing {
  requireUnderstood(stated, rules, 'preprocess_cfg', file);
  const interpolation = stated['interpolation'] ?? 'bicubic';
  const mode = stated['resize_mode'] ?? 'shortest';
  if (mode !== 'shortest' && mode !== 'squash') {
    throw cannot(`preprocess_cfg.resize_mode is ${shown(mode)}, expected "shortest" or "squash"`, file);
  }
  if (interpolation !== 'bicubic' && interpolation !== 'bilinear' && interpolation !== 'random') {
    throw cannot(`preprocess_cfg.interpolation is ${shown(interpolation)}, expected "bicubic" or "bilinear"`, file);
  }
  return {
    file,
    mean: statedNumbers(stated['mean'], 'preprocess_cfg.mean', file),
    std: statedNumbers(stated['std'], 'preprocess_cfg.std', file),
    // "random" is of the training there; it evaluates with bicubic.
    interpolation: interpolation === 'bilinear' ? 'bilinear' : 'bicubic',
    resize: mode,
  };
}
