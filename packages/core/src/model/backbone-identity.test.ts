import { describe, expect, it } from 'vitest';
import type { Preprocessing } from '../contracts/preprocessing.js';
import { backboneIdentity } from './backbone-identity.js';
import { describePreprocessing } from './describe-preprocessing.js';

const preprocessing: Preprocessing = {
  ...{ resize: 'shortest', interpolation: 'bicubic', size: 24 },
  ...{ mean: [0.5, 0.4, 0.3], std: [1, 1, 1] },
};

describe('the identity of a backbone', () => {
  it('holds weights, preprocessing and settings, and nothing else', () => {
    const backbone = { name: 'x', digest: 'd', preprocessing, settings: { activation: 'gelu' }, logitScale: 4 };
    expect(backboneIdentity(backbone)).toEqual({ digest: 'd', preprocessing, settings: { activation: 'gelu' } });
    expect(backboneIdentity({ digest: 'd', preprocessing })).toEqual({ digest: 'd', preprocessing });
  });

  it('is said in words', () => {
    expect(describePreprocessing(preprocessing)).toBe(
      'short side to 24 pixels (bicubic), centre cut out, mean 0.5 0.4 0.3, std 1 1 1',
    );
    expect(describePreprocessing({ ...preprocessing, resize: 'squash', interpolation: 'bilinear' })).toMatch(
      /^squashed to 24 × 24 pixels \(bilinear\), mean/,
    );
  });
});
