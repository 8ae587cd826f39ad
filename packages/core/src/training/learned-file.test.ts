import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, TrainingError } from '../errors.js';
import { backboneIdentity } from '../model/backbone-identity.js';
import { hostTensor, writeSafetensors } from '../safetensors/index.js';
import { describeLearned, loadLearned, saveLearned } from './learned-file.js';
import { classNames, tinyBackbone, tinyClassifier } from './tiny.test.support.js';

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'learned-'));
  path = join(folder, 'prompts.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

/** What a writer says; relative to the file it will be `../data`. */
const origin = { template: 'a photo {}', configuration: {}, folder: join(tmpdir(), 'data'), step: 0 };

/** A file with values of its own. */
async function saved(options: Parameters<typeof tinyClassifier>[0] = {}): Promise<number[]> {
  const classifier = tinyClassifier(options);
  const values = Array.from({ length: 12 }, (_, i) => i / 7);
  classifier.variables['ctx']!.assign(tf.tensor2d(values, [2, 6]));
  await saveLearned(path, classifier, { ...origin, configuration: { seed: 3 }, step: 9 });
  return [...classifier.variables['ctx']!.dataSync()];
}

const values = (classifier: ReturnType<typeof tinyClassifier>): number[] => [
  ...classifier.variables['ctx']!.dataSync(),
];

describe('a file of learned parts', () => {
  it('gives back what was learned, and says what it belongs to', async () => {
    const expected = await saved();
    const classifier = tinyClassifier();
    const description = await loadLearned(path, classifier);
    expect(values(classifier)).toEqual(expected);
    expect(description).toEqual({
      format: 1,
      version: '0.1.0',
      backbone: { name: 'tiny', ...backboneIdentity(tinyBackbone('tiny')), visionWidth: 6, textWidth: 6, embedding: 5 },
      classNames: [...classNames],
      template: 'a photo {}',
      configuration: { seed: 3 },
      folder: '../data',
      step: 9,
    });
    expect(await describeLearned(path)).toEqual(description);
  });

  it('fits other classes where nothing is learned about single ones', async () => {
    const expected = await saved();
    const other = tinyClassifier({ classNames: ['dog', 'elk'] });
    await loadLearned(path, other);
    expect(values(other)).toEqual(expected);
  });

  it.each([{ trainsLabels: true }, { novelClasses: 'trained only' as const }])(
    'refuses other classes where %o',
    async (options) => {
      await saved(options);
      const renamed = tinyClassifier({ ...options, classNames: ['ant', 'bee', 'dog'] });
      const before = values(renamed);
      await expect(loadLearned(path, renamed)).rejects.toThrow(CheckpointError);
      await expect(loadLearned(path, renamed)).rejects.toThrow('class 2 is "cat" there and "dog" here');
      const fewer = tinyClassifier({ ...options, classNames: ['ant', 'bee'] });
      await expect(loadLearned(path, fewer)).rejects.toThrow('3 classes there, 2 here');
      expect(values(renamed)).toEqual(before);
    },
  );

  it.each([
    [{ mean: [0.5, 0.5, 0.5] }, /mean 0 0 0.*now.*mean 0\.5 0\.5 0\.5/],
    [{ resize: 'squash' }, /centre cut out.*now: squashed/],
    [{ interpolation: 'bilinear' }, /bicubic.*now.*bilinear/],
  ] as const)(
    'refuses the same weights with images prepared otherwise (%j), and says what to set',
    async (change, message) => {
      await saved();
      const tiny = tinyBackbone('tiny');
      const backbone = { ...tiny, preprocessing: { ...tiny.preprocessing, ...change } };
      const failure: unknown = await loadLearned(path, tinyClassifier({ backbone })).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(CheckpointError);
      expect((failure as CheckpointError).message).toMatch(message);
      expect((failure as CheckpointError).remedy).toContain(
        'backbone.imageMean=[0,0,0] backbone.imageStd=[1,1,1] backbone.interpolation=bicubic backbone.resize=shortest',
      );
    },
  );

  it('refuses the same weights with another activation, and takes files that say nothing of it', async () => {
    await saved();
    const gelu = { ...tinyBackbone('tiny'), settings: { activation: 'gelu' } };
    await loadLearned(path, tinyClassifier({ backbone: gelu }));
    await saved({ backbone: gelu });
    const quick = { ...gelu, settings: { activation: 'quick-gelu' } };
    await expect(loadLearned(path, tinyClassifier({ backbone: quick }))).rejects.toThrow(
      'another activation of the same weights: "gelu" there, "quick-gelu" now',
    );
  });

  it('refuses another backbone and says both', async () => {
    await saved();
    const other = tinyClassifier({ backbone: { ...tinyBackbone('0123456789abcdef'), name: 'other' } });
    await expect(loadLearned(path, other)).rejects.toThrow(
      'learned on another backbone: tiny, widths 6/6/5, SHA-256 tiny; the present one is other, widths 6/6/5, SHA-256 0123456789ab',
    );
  });

  it('refuses other parts, naming the tensor', async () => {
    await saved();
    await expect(loadLearned(path, tinyClassifier({ promptsVision: true }))).rejects.toThrow(
      'lacks the tensor "vision"',
    );
    await saveLearned(path, tinyClassifier({ promptsVision: true }), origin);
    await expect(loadLearned(path, tinyClassifier())).rejects.toThrow(
      'a tensor "vision", which the classifier does not learn',
    );
    const wrong = new Map([['ctx', hostTensor(new Float32Array(18), [3, 6])]]);
    await saveLearned(path, tinyClassifier(), origin, wrong);
    await expect(loadLearned(path, tinyClassifier())).rejects.toThrow(
      `"ctx" has the shape [3, 6], the classifier's [2, 6]`,
    );
  });

  it('refuses files of other programs, of later formats, and damaged ones', async () => {
    await writeSafetensors(path, new Map([['ctx', hostTensor(new Float32Array(12), [2, 6])]]));
    await expect(describeLearned(path)).rejects.toThrow('holds no learned prompts');
    await writeSafetensors(path, new Map(), { promptweave: '{"format": 2}' });
    await expect(describeLearned(path)).rejects.toThrow('format 2, but this version reads formats up to 1');
    await writeSafetensors(path, new Map(), { promptweave: '{"format": 1, "version": 7}' });
    await expect(describeLearned(path)).rejects.toThrow('damaged');
    await writeSafetensors(path, new Map(), { promptweave: '{' });
    await expect(describeLearned(path)).rejects.toThrow('not JSON');
    await saved();
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, bytes.length - 4));
    await expect(describeLearned(path)).rejects.toThrow(CheckpointError);
    await expect(describeLearned(join(folder, 'none'))).rejects.toThrow(CheckpointError);
  });

  it('never replaces good values by values that are not finite', async () => {
    const expected = await saved();
    const broken = tinyClassifier();
    broken.variables['ctx']!.assign(tf.fill([2, 6], Infinity));
    await expect(saveLearned(path, broken, origin)).rejects.toThrow(TrainingError);
    const classifier = tinyClassifier();
    await loadLearned(path, classifier);
    expect(values(classifier)).toEqual(expected);
  });
});
