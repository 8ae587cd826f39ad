import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CellFolder, planSweep, studyOf, type StudiedCell } from '@promptweave/bench';
import { loadRegistry, sourceFromValue } from '@promptweave/core/experiment';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nextSteps } from './next-steps.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const before = process.cwd();
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'next-'));
  process.chdir(root);
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

/** The lines after a sweep over two seeds that is finished. */
async function linesAfter(
  dataset: object,
  overrides: readonly string[],
  configuration: object = {},
): Promise<string[]> {
  const registry = await loadRegistry(undefined, import.meta.url);
  const value = { dataset, grid: { seed: [1, 2] }, ...configuration };
  const source = sourceFromValue(value);
  const planned = await planSweep({ source, registry, folder, overrides });
  const outcome = { summary: { accuracy: 0.5 }, parameters: 0, seconds: 1, evaluationSeconds: 1, date: '' };
  const cells = planned.map(({ id, values }): StudiedCell => ({
    ...{ id, values, folder: new CellFolder(`runs/x/cells/${id}`), state: { status: 'finished', outcome } },
  }));
  const study = studyOf({ name: 'x', protocol: 'few-shot', folder: 'runs/x', cells });
  const place = { file: 'my grid.yaml', source, configurationFolder: folder, registry };
  const text = await nextSteps({ study, ...place, overrides, only: [], jobs: 2, planned });
  return text.split('\n').map((line) =>
    line
      .trim()
      .replace(/ {4}.*/, '')
      .replace(/^npx promptweave /, ''),
  );
}

it('are commands that work as they are, with what this sweep was called with', async () => {
  const lines = await linesAfter({ use: 'emoji-weather', size: 48 }, ['train.steps=2', 'losses=[cross-entropy]']);
  const again = "sweep 'my grid.yaml' train.steps=2 'losses=[cross-entropy]'";
  expect(lines).toEqual([
    'Next:',
    expect.stringMatching(/^predict ':dog face:' --run runs\/x\/cells\/[0-9a-f]{16}$/),
    'report runs/x --format markdown',
    `${again} dataset.shots=4 --jobs 2 --output runs/x-4-shots`,
    `${again} backbone.checkpoint=openai/clip-vit-base-patch16 seed=1 --jobs 2 --output runs/x-vit-b-16 --dry-run`,
    'train examples/photos.yaml',
  ]);
  expect(existsSync(join(root, 'examples/photos.yaml'))).toBe(true);
});

it('go from few images to more, and replace what was asked for before', async () => {
  const lines = await linesAfter({ use: 'emoji-weather' }, ['grid.seed=[1,2]', 'dataset.shots=4']);
  expect(lines[3]).toBe("sweep 'my grid.yaml' 'grid.seed=[1,2]' dataset.shots=16 --jobs 2 --output runs/x-16-shots");
  expect(lines[4]).toMatch(/^sweep 'my grid\.yaml' dataset\.shots=4 backbone\.checkpoint=\S+ seed=1 /);
});

it('propose nothing that the grid does not let be changed', async () => {
  const list = [1, 8].map((shots) => ({ name: `${shots}`, 'dataset.shots': shots, 'backbone.checkpoint': 'icons' }));
  const lines = await linesAfter({ use: 'emoji-weather' }, [], { grid: { list } });
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['Next:', 'predict', 'report', 'train']);
});

it('name an image of one’s own data set, and none that is not there', async () => {
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, 'photos', name, `${i}.jpg`), 'any');
  }
  const [, predict] = await linesAfter({ use: 'folder', path: 'photos' }, []);
  const image = /^predict (\S+) --run/.exec(predict!)![1]!;
  expect(image).toMatch(/photos\/(cat|dog)\/\d\.jpg$/);
  expect(existsSync(image)).toBe(true);
  const elsewhere = await linesAfter({ use: 'folder', path: 'gone' }, [], { protocol: 'zero-shot' });
  expect(elsewhere.map((line) => line.split(' ')[0])).toEqual(['Next:', 'report', 'sweep', 'train']); // no larger one, either
});
