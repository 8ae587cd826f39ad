import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepShape, StepWork, WorkOptions } from '../contracts/work.js';
import type { Classifier } from '../model/classifier.js';
import { checkMemory, estimatedBytes, memoryOf } from './check-memory.js';
import { trainSettings } from './settings.js';
import { tinyBackbone, tinyClassifier } from './tiny.test.support.js';

const GIB = 2 ** 30;

/** 1 GiB for each class of a chunk and half for each image; recomputing halves it. */
function work(
  { batch, textGradient, visionGradient }: StepShape,
  { classChunk = 3, recompute }: WorkOptions = {},
): StepWork {
  const share = recompute ? 0.5 : 1;
  return {
    ...{ textRows: 0, visionRows: 0, textFlops: 0, visionFlops: 0, chunks: 1 },
    textBytes: textGradient ? share * Math.min(3, classChunk) * GIB : 0,
    visionBytes: visionGradient ? share * 0.5 * batch * GIB : 0,
    passingBytes: 0.25 * GIB,
  };
}

describe('memory, estimated before a run', () => {
  let classifier: Classifier;
  beforeAll(() => {
    classifier = tinyClassifier({ backbone: { ...tinyBackbone(), work }, promptsVision: true });
  });
  afterAll(() => classifier.dispose());
  const request = () => ({ classifier, batch: 4, featuresKnown: false });

  it('is that of the larger of training and evaluation', () => {
    expect(estimatedBytes(request())).toBe((3 + 0.5 * 4 + 0.25) * GIB);
  });

  it('passes where there is enough', () => {
    expect(checkMemory(request(), 10 * GIB)).toBeUndefined();
  });

  it('is warned of where it is a near thing', () => {
    expect(checkMemory(request(), 6 * GIB)).toContain('needs about 5.3 GiB of memory; 6.0 GiB are available.');
  });

  it('ends the run where it is too much, with settings that fit', () => {
    expect(() => checkMemory(request(), 5 * GIB)).toThrow(
      'A training step needs about 5.3 GiB of memory; 5.0 GiB are available.',
    );
    try {
      checkMemory(request(), 5 * GIB);
    } catch (error) {
      // 5.25 GiB must become 4: one class a chunk takes 2 off, recomputing 2.5, a batch of 1 takes 1.5
      const { remedy } = error as { remedy: string };
      expect(remedy).toMatch(/: backbone\.classChunk=1, backbone\.recompute=true, train\.batch=1\.$/);
    }
  });

  it.each([
    [{}, false],
    [{ views: 4 }, true],
    [{ augment: false }, true],
  ])('knows that steps take stored features where images are not augmented anew: %o', (settings, featuresKnown) => {
    const phase = { classifier, settings: trainSettings.parse({ batch: 4, ...settings }) };
    expect(memoryOf(phase)).toEqual({ classifier, batch: 4, featuresKnown });
  });

  it('is not known of a backbone that does not tell', () => {
    const silent = tinyClassifier();
    expect(estimatedBytes({ ...request(), classifier: silent })).toBeUndefined();
    silent.dispose();
  });
});
