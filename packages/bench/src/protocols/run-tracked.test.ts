import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunStart } from '@promptweave/core';
import type { TrainEvent } from '@promptweave/core/experiment';
import { afterAll, expect, it } from 'vitest';
import { tinyEnvironment, tinyResolve } from '../tiny.test.support.js';
import { runTracked } from './run-tracked.js';

const folder = mkdtempSync(join(tmpdir(), 'run-tracked-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('finishes a run whose plots cannot be drawn, and says so', async () => {
  writeFileSync(join(folder, 'plots'), 'a file where the folder should be');
  const recorded: RunEvent[] = [];
  const told: TrainEvent[] = [];
  const environment = tinyEnvironment();
  const tracker = {
    ...{ name: 'list', showsPictures: true, close: () => Promise.resolve([]) },
    record: (event: RunEvent) => void recorded.push(event),
  };
  const run = await runTracked(
    tracker,
    { name: 'run', experiment: 'x' },
    {
      ...{ configuration: tinyResolve({ prompt: 'context' }), environment, folder, configurationFolder: '.' },
      onEvent: (event) => void told.push(event),
    },
  );
  await environment.close();
  expect(run?.summary).toHaveProperty('accuracy');
  const { environment: noted } = recorded[0] as RunStart;
  expect(noted.plugins).toMatchObject({ tiny: '1' });
  expect(run?.result.provenance.plugins).toEqual(noted.plugins);
  expect(recorded.at(-1)).toMatchObject({ type: 'end', status: 'finished' });
  expect(told.at(-1)).toEqual({
    type: 'warning',
    message: expect.stringMatching(/^The plots of this run cannot be drawn: .*plots/) as string,
  });
});
