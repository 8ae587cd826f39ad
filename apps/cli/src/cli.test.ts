import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finished, folder, promptweave, root, start, useShapes } from './testing/shapes.test.support.js';

useShapes();

describe('promptweave', () => {
  it('shows its commands at once', () => {
    const program = `
      process.argv = [process.execPath, 'promptweave', '--help'];
      await import(${JSON.stringify(join(root, 'apps/cli/lib/main.js'))});
      const { user, system } = process.cpuUsage();
      console.log('milliseconds ' + (user + system) / 1000);`; // as text: a number alone may be coloured
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    for (const name of ['train', 'evaluate', 'predict', 'import', 'verify', 'doctor', 'runtime']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    }
    expect(Number(/milliseconds ([\d.]+)/.exec(stdout)![1])).toBeLessThan(300);
  });

  it.each([
    ['an unknown command', 2, ['trian'], /unknown command 'trian'\n\(Did you mean train\?\)/],
    ['a missing argument', 2, ['train'], /missing required argument 'config'/],
    ['a wrong choice', 2, ['evaluate', 'x', '--split', 'tset'], /Expected test, val or train/],
    ['a missing configuration', 2, ['train', 'none.yaml'], /^ConfigError: Cannot read the configuration none\.yaml/m],
    ['a misspelt option', 2, ['train', 'shapes.yaml', 'train.epoch=3'], /override "train\.epoch=3".*epochs/],
    ['a folder that is no run', 3, ['predict', 'x.png', '--run', 'shapes'], /holds no prompts\.safetensors[^]*to do: /],
    [
      'a folder that is not there',
      3,
      ['predict', 'x.png', '--run', 'runs/nowhere'],
      /There is no such folder\.[^]*where: runs\/nowhere/,
    ],
    ['missing images', 4, ['evaluate', 'shapes.yaml', 'dataset.path=nowhere'], /^DatasetError: [^]*nowhere/m],
    [
      'a loss that explodes',
      6,
      ['train', 'shapes.yaml', 'train.warmupLearningRate=1e38', '-o', 'exploded'],
      /^TrainingError: [^]*to do: Lower train\.learningRate/m,
    ],
  ])('says what is wrong with %s', async (_, code, words, message) => {
    const { err, ...outcome } = await promptweave(...words);
    expect(err).toMatch(message);
    expect(outcome).toEqual({ code, out: '' });
    expect(err).not.toMatch(/^ {4}at /m); // no stack
  });

  it('exits with 5 where the backend that was asked for is missing', async () => {
    const words = ['evaluate', 'shapes.yaml', 'runtime.backend=tensorflow'];
    const { code, err } = await finished(start(words, { PROMPTWEAVE_CACHE: join(folder, 'empty') }));
    expect(err).toMatch(/^BackendError: /m);
    expect(code).toBe(5);
  });

  it('tells an error within a plugin as the fault of that plugin, with its place', async () => {
    const plugin = `import { z } from '${join(root, 'node_modules/zod/index.js')}';
      export const plugins = [{ kind: 'dataset', name: 'broken', description: '', options: z.strictObject({}),
        create: () => { throw new TypeError('cannot read this'); } }];`;
    await writeFile(join(folder, 'broken.mjs'), plugin);
    const configuration = 'plugins: [default, ./broken.mjs]\ndataset: { use: broken }\n';
    await writeFile(join(folder, 'broken.yaml'), configuration);
    const { code, err } = await promptweave('train', 'broken.yaml');
    expect(err).toMatch(/TypeError: cannot read this\n {4}at [^]*PluginFault: [^]*plugin module/);
    expect(code).toBe(70);
  });

  it('gives errors as JSON, too', async () => {
    const { code, out } = await promptweave('predict', 'x.png', '--run', 'shapes', '--json');
    expect(JSON.parse(out)).toMatchObject({ error: { name: 'CheckpointError', where: 'shapes' } });
    expect(code).toBe(3);
  });
});
