import { shown } from '../config/json-file.js';
import { cannot, statedNumbers, statedPixels, type StatedPreprocessing } from './stated-preprocessing.js';

/** `pretrained_cfg` of timm: what it says about images; the rest is about its classifier. @throws CheckpointError */
export function timmPreprocessing(stated: Record<string, unknown>, file: string): StatedPreprocessing {
  const { input_size: input, crop_pct: share, crop_mode: crop, interpolation } = stated;
  const at = (name: string): string => `pretrained_cfg.${name}`;
  if (share !== undefined && share !== null && share !== 1) {
    throw cannot(`${at('crop_pct')} is ${shown(share)}, expected 1`, file);
  }
  if (![undefined, null, 'center', 'squash'].includes(crop as string)) {
    throw cannot(`${at('crop_mode')} is ${shown(crop)}, expected "center" or "squash"`, file);
  }
  if (![undefined, null, 'bicubic', 'bilinear'].includes(interpolation as string)) {
    throw cannot(`${at('interpolation')} is ${shown(interpolation)}, expected "bicubic" or "bilinear"`, file);
  }
  const square = Array.isArray(input) && input.length === 3 && input[0] === 3 && input[1] === input[2];
  if (input !== undefined && input !== null && !square) {
    throw cannot(`${at('input_size')} is ${shown(input)}, expected three colours and a square`, file);
  }
  return {
    file,
    mean: statedNumbers(stated['mean'], at('mean'), file),
    std: statedNumbers(stated['std'], at('std'), file),
    interpolation: (interpolation ?? undefined) as StatedPreprocessing['interpolation'],
    resize: crop === 'squash' ? 'squash' : 'shortest',
    size: square ? statedPixels(input[1], at('input_size'), file) : undefined,
  };
}
