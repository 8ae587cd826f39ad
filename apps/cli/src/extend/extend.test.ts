import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openRun, train } from '../index.js';
import { folder, useShapes } from '../testing/shapes.test.support.js';
import { extendRun } from './extend-run.js';

useShapes();

const valuesOf = async (run: string) => (await readSafetensors(join(run, 'prompts.safetensors'))).tensors;

it(
  'adds a class whose label is learned; the old labels stay to the bit, prompts stay or go on',
  { timeout: 240_000 },
  async () => {
    cpSync(join(folder, 'shapes/circle'), join(folder, 'elsewhere/IMG_9'), { recursive: true });
    const run = join(folder, 'run');
    await train(join(folder, 'shapes.yaml'), { folder: run, overrides: ['labels=lamm'], zeroShot: false });
    const old = await valuesOf(run);
    const tensors = tf.memory().numTensors;
    const onNote = (): void => undefined;
    const request = { images: join(folder, 'elsewhere/IMG_9'), name: 'ring', overrides: ['train.epochs=2'], onNote };
    const frozen = await extendRun(run, { ...request, prompts: 'frozen' });
    const warm = await extendRun(run, { ...request, prompts: 'warm' });
    expect([frozen!.folder, warm!.folder]).toEqual([`${run}-extended`, `${run}-extended-2`]);
    expect(tf.memory().numTensors).toBe(tensors);

    const before = old.get('token_classes')!.data();
    for (const extended of [frozen!, warm!]) {
      const values = await valuesOf(extended.folder);
      const labels = values.get('token_classes')!;
      expect(labels.shape[0]).toBe(4);
      expect(labels.data().slice(0, before.length)).toEqual(before);
      expect(extended.result.parameters).toBe(
        labels.data().length - before.length + (extended === warm ? old.get('ctx')!.data().length : 0),
      );
      const same = Buffer.from(values.get('ctx')!.data().buffer).equals(Buffer.from(old.get('ctx')!.data().buffer));
      expect(same).toBe(extended === frozen);
      expect(existsSync(join(extended.folder, 'resume.safetensors'))).toBe(false);
    }
    // It learned something: the new label is not CLIP's own any more.
    const model = await openRun(frozen!.folder);
    expect(model.classes).toEqual(['circle', 'square', 'triangle', 'ring']);
    const answers = await model.predict(join(folder, 'shapes/square/2.png'));
    await model.close();
    const untrained = await openRun(run, { classes: ['circle', 'square', 'triangle', 'ring'] });
    const plain = await untrained.predict(join(folder, 'shapes/square/2.png'));
    await untrained.close();
    const logit = (all: typeof answers, label: string) => all.find((answer) => answer.label === label)!.logit;
    expect(logit(answers, 'square')).toBeCloseTo(logit(plain, 'square'), 3);
    expect(Math.abs(logit(answers, 'ring') - logit(plain, 'ring'))).toBeGreaterThan(1e-3);

    await expect(extendRun(run, { ...request, name: 'circle', prompts: 'frozen' })).rejects.toThrow(
      /"circle" is there already/,
    );
  },
);
