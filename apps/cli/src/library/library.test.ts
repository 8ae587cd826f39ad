import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, openRun, train, type Configuration, type Model, type TrainProgress } from '../index.js';
import { folder, promptweave, useShapes } from '../testing/shapes.test.support.js';

useShapes();

const circle = join(folder, 'shapes/circle/3.png');
const square = join(folder, 'shapes/square/3.png');
const configuration: Configuration = {
  dataset: { use: 'folder', path: 'shapes', shots: 'all' },
  backbone: { use: 'clip', checkpoint: 'icons' },
  prompt: { use: 'coop', contextLength: 4 },
  labels: 'lamm',
  train: { epochs: 2, batch: 4, learningRate: 0.01 },
};
const run = join(folder, 'from-a-value');
const tensorsBefore = { count: 0 };
const events: TrainProgress[] = [];

beforeAll(async () => {
  tensorsBefore.count = tf.memory().numTensors;
  const trained = await train(configuration, {
    folder: run,
    configurationFolder: folder,
    onProgress: (event) => events.push(event),
  });
  expect(trained).toMatchObject({ status: 'finished', folder: run, plugins: [], result: { training: { step: 6 } } });
  expect(tf.memory().numTensors).toBe(tensorsBefore.count);
});

describe('train', () => {
  it('tells what happens in order', () => {
    const steps = events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
    expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events[0]).toMatchObject({ type: 'backend' });
    expect(events.map(({ type }) => type)).toContain('end');
  });

  it('writes what the command writes of the same configuration, bit for bit', async () => {
    const labels = 'labels=lamm';
    const { code, err } = await promptweave('train', 'shapes.yaml', labels, '--output', 'from-the-command');
    expect(code, err).toBe(0);
    const [a, b] = [run, join(folder, 'from-the-command')].map((path) =>
      readFileSync(join(path, 'prompts.safetensors')),
    );
    expect(a!.equals(b!)).toBe(true);
  });

  it('stops at the signal, and goes on to the same bits', async () => {
    const options = { folder: join(folder, 'stopped'), configurationFolder: folder };
    const controller = new AbortController();
    const stopped = await train(configuration, {
      ...options,
      signal: controller.signal,
      onProgress: (event) => event.type === 'step' && event.step === 2 && controller.abort(),
    });
    expect(stopped.status).toBe('stopped');
    expect((await train(configuration, { ...options, resume: true })).status).toBe('finished');
    const [a, b] = [run, options.folder].map((path) => readFileSync(join(path, 'prompts.safetensors')));
    expect(a!.equals(b!)).toBe(true);
  });

  it('refuses a wrong value by the place of its option', async () => {
    const wrong = { ...configuration, train: { epoch: 2 } } as unknown as Configuration;
    await expect(train(wrong)).rejects.toThrow(/train\.epoch: unknown option.*epochs/);
  });
});

describe('openRun', () => {
  let model: Model;
  beforeAll(async () => {
    model = await openRun(run);
  });
  afterAll(async () => {
    await model.close();
    await model.close(); // may be called again
    expect(tf.memory().numTensors).toBe(tensorsBefore.count);
    await expect(model.predict(circle)).rejects.toThrow(ConfigError);
  });

  it('answers as the command does, in the form of the question', async () => {
    expect(model.classes).toEqual(['circle', 'square', 'triangle']);
    const one = await model.predict(circle);
    expect(one).toHaveLength(3);
    expect(one.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
    const { out } = await promptweave('predict', 'shapes/circle/3.png', '--run', 'from-a-value', '--json');
    const [{ answers }] = JSON.parse(out) as [{ answers: { label: string; probability: number }[] }];
    expect(answers.map(({ label }) => label)).toEqual(one.map(({ label }) => label));
    expect(answers[0]!.probability).toBeCloseTo(one[0]!.probability, 4);
    const several = await model.predict([circle, square], { top: 1 });
    expect(several).toEqual([[one[0]], [expect.objectContaining({ label: expect.any(String) as string })]]);
    expect(await model.predict([])).toEqual([]);
  });

  it('reads paths, addresses and bytes alike', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/missing.png') response.writeHead(404).end();
      else response.end(readFileSync(circle));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const expected = await model.predict(circle);
    for (const image of [pathToFileURL(circle), readFileSync(circle), `${address}/circle.png`]) {
      expect(await model.predict(image)).toEqual(expected);
    }
    await expect(model.predict(`${address}/missing.png`)).rejects.toThrow(/answers 404/);
    server.close();
    await expect(model.predict('http://127.0.0.1:9/x.png')).rejects.toThrow(/cannot be fetched.*127\.0\.0\.1:9/);
  });

  it('tells of images that cannot be read, in their place, and goes on', async () => {
    const broken = Buffer.from('no image at all');
    const images = [join(folder, 'none.png'), circle, broken, square, folder];
    const outcomes = [];
    for await (const outcome of model.predictEach(images, { batch: 2 })) outcomes.push(outcome);
    expect(outcomes.map(({ image }) => image)).toEqual(images);
    expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([true, false, true, false, true]);
    await expect(model.predict(images)).rejects.toThrow(/none\.png/);
  });

  it('answers nothing below the threshold, by any score', async () => {
    const [best] = await model.predict(circle, { score: 'similarity' });
    expect(await model.predict(circle, { threshold: 1.01 })).toEqual([]);
    expect(await model.predict(circle, { threshold: best!.similarity! - 1e-6, score: 'similarity' })).toHaveLength(3);
    expect(await model.predict(circle, { threshold: best!.similarity! + 1e-6, score: 'similarity' })).toEqual([]);
    expect(await model.predict(circle, { threshold: best!.logit + 1e-3, score: 'logit' })).toEqual([]);
  });

  it('embeds images and texts in one space, of unit length', async () => {
    const product = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    const [a, b] = await model.embedImages([circle, square]);
    const [text] = await model.embedTexts(['a photo of a circle.']);
    for (const vector of [a!, b!, text!]) expect(product(vector, vector)).toBeCloseTo(1, 5);
    expect(a).toHaveLength(text!.length);

    // Without anything learned, a class's text is the template's sentence.
    await cp(join(folder, 'shapes.yaml'), join(folder, 'plain.yaml'));
    const plain = await train(join(folder, 'plain.yaml'), {
      folder: join(folder, 'plain'),
      overrides: [
        'prompt=none',
        'labels=lamm',
        'train.steps=1',
        'train.learningRate=1e-30',
        'train.warmupLearningRate=1e-30',
      ],
    });
    const zeroShot = await openRun(plain.folder);
    const answers = await zeroShot.predict(circle, { score: 'similarity' });
    const [image] = await zeroShot.embedImages([circle]);
    for (const { label, similarity, logit } of answers) {
      const [sentence] = await zeroShot.embedTexts([`a photo of a ${label}.`]);
      expect(similarity).toBeCloseTo(product(image!, sentence!), 4);
      expect(logit / similarity!).toBeCloseTo(answers[0]!.logit / answers[0]!.similarity!, 2);
    }
    await zeroShot.close();
  });

  it('waits with closing for what is being computed, and ends a pass at the signal', async () => {
    const other = await openRun(run);
    const answers = other.predict([circle, square]);
    await other.close();
    expect(await answers).toHaveLength(2);
    await expect(model.predict([circle], { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });
});
