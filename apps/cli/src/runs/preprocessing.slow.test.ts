import { readFileSync } from 'node:fs';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeLearned } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { folder, promptweave, root, useShapes } from '../testing/shapes.test.support.js';

useShapes();

/** All but the notes, which say where the values come from. */
const figures = (out: string): unknown => ({ ...(JSON.parse(out) as object), notes: [] });

it('a run is used with images prepared as in its training, or not at all', async () => {
  const model = join(folder, 'model');
  await cp(join(root, 'packages/clip-icons/model'), model, { recursive: true });
  const stated = join(model, 'preprocessor_config.json');
  const content = {
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    size: { height: 48, width: 48 },
    resample: 2,
  };
  await writeFile(stated, JSON.stringify({ ...content, do_center_crop: false }));
  const trained = await promptweave('train', 'shapes.yaml', 'backbone.checkpoint=./model', '--output', 'half');
  expect(trained.code, trained.err).toBe(0);
  const preprocessing = {
    ...{ resize: 'squash', interpolation: 'bilinear', size: 48 },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  };
  const result = JSON.parse(readFileSync(join(folder, 'half/result.json'), 'utf8')) as Record<string, unknown>;
  expect(result).toMatchObject({ provenance: { preprocessing } });
  expect(await describeLearned(join(folder, 'half/prompts.safetensors'))).toMatchObject({
    backbone: { preprocessing },
  });
  expect(readFileSync(join(folder, 'half/log.txt'), 'utf8')).toMatch(
    /squashed to 48 × 48 pixels \(bilinear\), mean 0\.5/,
  );
  const before = await promptweave('evaluate', 'half', '--json');
  expect(before.code, before.err).toBe(0);

  await rm(stated);
  const image = join(root, 'packages/datasets/fixtures/images/rgb.png');
  for (const words of [
    ['predict', image, '--run', 'half'],
    ['evaluate', 'half'],
  ]) {
    const { code, err } = await promptweave(...words);
    expect(err).toMatch(/learned on images prepared in another way[^]*backbone\.imageMean=\[0\.5,0\.5,0\.5\]/);
    expect(code).toBe(3);
  }
  const cure = ['backbone.imageMean=[0.5,0.5,0.5]', 'backbone.imageStd=[0.5,0.5,0.5]'];
  const cured = await promptweave(
    'evaluate',
    'half',
    ...cure,
    'backbone.interpolation=bilinear',
    'backbone.resize=squash',
    '--json',
  );
  expect(figures(cured.out)).toEqual(figures(before.out));
}, 60_000);
