import type { Preprocessing } from '../contracts/preprocessing.js';

/** In words, e.g. `short side to 224 pixels (bicubic), centre cut out, mean 0.5 0.5 0.5, std 0.5 0.5 0.5`. */
export function describePreprocessing({ resize, interpolation, size, mean, std }: Preprocessing): string {
  const geometry = {
    shortest: `short side to ${size} pixels (${interpolation}), centre cut out`,
    squash: `squashed to ${size} × ${size} pixels (${interpolation})`,
  }[resize];
  return `${geometry}, mean ${mean.join(' ')}, std ${std.join(' ')}`;
}
