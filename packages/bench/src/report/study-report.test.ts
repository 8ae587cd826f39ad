import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sourceFromValue } from '@promptweave/core/experiment';
import { afterAll, expect, it } from 'vitest';
import { planSweep } from '../sweep/plan.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { tinyConfiguration, tinyRegistry } from '../tiny.test.support.js';
import { CellFolder } from '../sweep/cell-folder.js';
import { readStudy, studyOf, type StudiedCell } from './study.js';
import { commandsOf, studyReport } from './study-report.js';

const root = mkdtempSync(join(tmpdir(), 'commands-'));
afterAll(() => rmSync(root, { recursive: true }));

it('has a command for each cell that plans this cell alone', async () => {
  const grid = {
    // the values of the first are among those of the second
    list: [
      { name: "it's short", prompt: 'context' },
      { prompt: 'context', 'train.epochs': 5 },
    ],
    losses: [['cross-entropy'], [{ use: 'cross-entropy', weight: 2 }]],
    seed: [1, 2],
  };
  const request = { source: sourceFromValue({ ...tinyConfiguration, grid }), registry: tinyRegistry(), folder: root };
  const overrides = ['train.batch=2', 'seed=[3, 4]'];
  const planned = await planSweep({ ...request, overrides });
  const folder = new SweepFolder(join(root, 'sweep'));
  folder.prepare(planned, { name: 'grid', file: join(root, 'grid.yaml'), overrides, retries: 0 }, root);
  const commands = commandsOf(readStudy(folder));
  expect(commands).toHaveLength(8);
  for (const [i, { command }] of commands.entries()) {
    expect(command).toMatch(/^npx promptweave sweep \S*grid\.yaml train\.batch=2 'seed=\[3, 4\]' 'grid=/);
    const [, only] = /'(grid=.*)' --output runs\/again-\w+$/.exec(command)!;
    const again = await planSweep({ ...request, overrides: [...overrides, only!] });
    expect(again.map(({ id }) => id)).toEqual([planned[i]!.id]);
  }
});

it('says in a line which row leads how many data sets', async () => {
  const accuracies: Record<string, number[]> = { CoOp: [0.5, 0.6, 0.7], MaPLe: [0.6, 0.5, 0.8] };
  const cells = Object.entries(accuracies).flatMap(([name, all]) =>
    all.map((accuracy, d): StudiedCell => {
      const outcome = { summary: { accuracy }, parameters: 1, seconds: 1, evaluationSeconds: 1, date: '' };
      const values = { 'dataset.use': ['pets', 'cars', 'dtd'][d], 'prompt.use': name, seed: 1 };
      return {
        id: `${name}${d}`,
        values,
        folder: new CellFolder(join(root, name)),
        state: { status: 'finished', outcome },
      };
    }),
  );
  const folder = new SweepFolder(join(root, 'sweep')).path; // any sweep: what is told of cells needs its file
  const { markdown } = await studyReport(studyOf({ name: 's', protocol: 'few-shot', folder, cells }));
  expect(markdown).toContain('Best accuracy: MaPLe on 2, CoOp on 1 of 3 data sets.');
});
