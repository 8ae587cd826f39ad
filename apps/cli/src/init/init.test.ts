import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadRegistry, parseConfiguration, resolveConfiguration } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { commandLine } from '../testing/cli.test.support.js';
import { init } from './init.js';

const line = commandLine();

it('writes a configuration that trains what the flags say, as seen from the file', async () => {
  const registry = await loadRegistry(undefined, import.meta.url);
  await init({
    yes: true,
    images: join(line.folder, 'two\nlines'),
    checkpoint: 'icons',
    out: join(line.folder, 'n.yaml'),
  });
  const twoLines = parseConfiguration(readFileSync(join(line.folder, 'n.yaml'), 'utf8'), 'n.yaml');
  expect(resolveConfiguration(twoLines, { registry }).dataset['path']).toBe('./two\nlines');
  line.out.length = line.told.length = 0;
  mkdirSync(join(line.folder, 'my "photos": 1'));
  const out = join(line.folder, 'below/my.yaml');
  mkdirSync(join(line.folder, 'below'));
  await init({ yes: true, images: join(line.folder, 'my "photos": 1'), checkpoint: 'icons', shots: 4, out });
  const { dataset, backbone, prompt, labels, output } = resolveConfiguration(
    parseConfiguration(readFileSync(out, 'utf8'), out),
    { registry },
  );
  expect(dataset).toMatchObject({ use: 'folder', path: '../my "photos": 1', shots: 4 });
  expect([backbone['checkpoint'], prompt.use, labels.use, output]).toEqual(['icons', 'coop', 'lamm', 'runs/my']);
  expect(line.out.join('\n')).toMatch(/Written: .*my\.yaml\nNext: npx promptweave train /);
  expect(line.told).toEqual([]);
});

it('leaves a file that is there, and writes nothing that does not stand together', async () => {
  const out = join(line.folder, 'x.yaml');
  writeFileSync(out, 'mine');
  await expect(init({ yes: true, out })).rejects.toThrow(/there already/);
  expect(readFileSync(out, 'utf8')).toBe('mine');
  await expect(init({ yes: true, out, overwrite: true, prompt: 'nix' })).rejects.toThrow(/called "nix"/);
  expect(readFileSync(out, 'utf8')).toBe('mine');
  await init({ yes: true, out, overwrite: true, images: join(line.folder, 'none') });
  expect(line.told.join()).toMatch(/no folder .*none yet/);
});
