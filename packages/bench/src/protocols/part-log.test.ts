import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, SERVICES, type LabelsPlugin, type PromptPlugin } from '@promptweave/core';
import { Registry, resolveConfiguration, runFiles, type RunResult } from '@promptweave/core/experiment';
import { afterAll, expect, it } from 'vitest';
import { tinyConfiguration, tinyEnvironment, tinyRegistry } from '../tiny.test.support.js';
import { runProtocol } from './run-protocol.js';

const folder = mkdtempSync(join(tmpdir(), 'part-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('what parts say stands in log.txt, and warnings in result.json, too: as they are made, and while they train', async () => {
  const tiny = tinyRegistry();
  const context = tiny.get('prompt', 'context') as PromptPlugin;
  const frozen = tiny.get('labels', 'frozen') as LabelsPlugin;
  let steps = 0;
  const talking = definePlugin({
    ...context,
    name: 'talking',
    create: (given, options) => {
      const logger = given.services.get(SERVICES.logger);
      logger.info('Prompts start at random.');
      const inner = context.create(given, options);
      const prompts: typeof inner.prompts = (...images) => {
        if (++steps === 1) logger.warn('The first step is slow.');
        return inner.prompts(...images);
      };
      return { ...inner, prompts };
    },
  });
  const warning = definePlugin({
    ...frozen,
    name: 'warning',
    create: (given, options) => {
      given.services.get(SERVICES.logger).warn('A name is long.');
      return frozen.create(given, options);
    },
  });
  const own = [talking, warning].map((plugin) => ({ plugin, module: 'talks', version: '1' }));
  const registry = new Registry([...tiny.entries.filter(({ module }) => module === 'tiny'), ...own]);
  const environment = { ...tinyEnvironment(), registry };
  const parts = { prompt: 'talking', labels: 'warning' };
  const configuration = resolveConfiguration({ ...tinyConfiguration, ...parts }, { registry });
  await runProtocol({ configuration, environment, folder, configurationFolder: '.' });
  await environment.close();
  const log = readFileSync(join(folder, runFiles.log), 'utf8').split('\n');
  const lines = ['Prompts start at random.', 'A name is long.', 'The first step is slow.'].map((said) => {
    const found = log.filter((line) => line.includes(said));
    expect(found, said).toHaveLength(1);
    return log.indexOf(found[0]!);
  });
  expect(lines).toEqual([...lines].sort((a, b) => a - b));
  const { warnings, provenance } = JSON.parse(readFileSync(join(folder, runFiles.result), 'utf8')) as RunResult;
  expect(warnings).toEqual(['A name is long.', 'The first step is slow.']);
  expect(provenance.plugins).toMatchObject({ talks: '1', tiny: '1' });
});
