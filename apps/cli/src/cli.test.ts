import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finished, folder, promptweave, root, start, useShapes } from './testing/shapes.test.support.js';

useShapes();

describe('promptweave', () => {
  it('shows its commands at once', () => {
    const program = `
      process.argv = [process.execPath, 'promptweave', '--help'];
      await import(${JSON.stringify(join(root, 'apps/cli/dist/main.js'))});
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

describe('a run', () => {
  it('is trained, evaluated and used', async () => {
    const trained = await promptweave('train', 'shapes.yaml', '--output', 'run', '--json');
    expect(trained.code, trained.err).toBe(0);
    const result = JSON.parse(trained.out) as { evaluations: { test: { accuracy: number; images: number } } };
    expect(result).toMatchObject({ folder: 'run', format: 1, training: { step: 6, epochs: 2 } });
    expect(readdirSync(join(folder, 'run')).sort()).toEqual([
      ...['config.yaml', 'log.txt', 'metrics.jsonl', 'predictions.json', 'prompts.safetensors', 'report.html'],
      ...['result.json', 'resume.safetensors', 'words.json', 'zero-shot.json'],
    ]);
    const metrics = readFileSync(join(folder, 'run/metrics.jsonl'), 'utf8').trim().split('\n');
    expect(metrics.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3, 4, 5, 6]);

    const again = await promptweave('train', 'shapes.yaml', '--output', 'run');
    expect(again.err).toContain('ConfigError: This folder holds a run already.');
    expect(again.code).toBe(2);

    const evaluated = await promptweave('evaluate', 'run', '--json');
    expect(evaluated.code, evaluated.err).toBe(0);
    expect(JSON.parse(evaluated.out)).toMatchObject({ accuracy: result.evaluations.test.accuracy, images: 6 });

    // The data set is not needed any more.
    const moved = join(folder, 'run', 'config.yaml');
    await writeFile(moved, readFileSync(moved, 'utf8').replace('path: shapes', 'path: gone'));
    const predicted = await promptweave('predict', 'shapes/circle/3.png', '--run', 'run', '--top', '2', '--json');
    expect(predicted.code, predicted.err).toBe(0);
    const [{ image, answers }] = JSON.parse(predicted.out) as [{ image: string; answers: { probability: number }[] }];
    expect(image).toBe('shapes/circle/3.png');
    expect(answers).toHaveLength(2);
    expect(answers[0]!.probability).toBeGreaterThanOrEqual(answers[1]!.probability);

    const missing = await promptweave('predict', 'none.png', '--run', 'run');
    expect(missing.out).toMatch(/^none\.png: cannot be read: .*no such file/m);
    expect(missing.code).toBe(4);
  });

  it('names what the drawings of an emoji show', async () => {
    const emoji = await promptweave('predict', ':dog face:', '--run', 'run', '--json');
    expect(emoji.code, emoji.err).toBe(0);
    const drawings = (JSON.parse(emoji.out) as { image: string }[]).map(({ image }) => image);
    expect(drawings).toContain('emoji/openmoji/dog-face');
    const unknown = await promptweave('predict', ':no such thing:', '--run', 'run');
    expect(unknown.code).toBe(4);
    expect(unknown.err).toMatch(/No emoji has this name[^]*:no such thing:[^]*to do: /);
  });

  it('stops after the current step at Ctrl-C, and goes on with the same bits', { timeout: 240_000 }, async () => {
    const words = ['train', 'shapes.yaml', 'train.epochs=20'];
    const whole = await promptweave(...words, '--output', 'whole');
    expect(whole.code, whole.err).toBe(0);
    const child = start([...words, '--output', 'stopped']);
    let asked = false; // a second Ctrl-C would end it at once
    child.stderr!.on('data', (data: Buffer) => {
      if (!asked && data.includes('epoch 1/20 step')) asked = child.kill('SIGINT');
    });
    const stopped = await finished(child);
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('promptweave train shapes.yaml train.epochs=20 --output stopped --resume');
    expect(existsSync(join(folder, 'stopped/result.json'))).toBe(false);
    const resumed = await promptweave(...words, '--output', 'stopped', '--resume');
    expect(resumed.code, resumed.err).toBe(0);
    expect(resumed.err).toMatch(/Going on after step \d+/);
    const [expected, found] = ['whole', 'stopped'].map((run) => readFileSync(join(folder, run, 'prompts.safetensors')));
    expect(found!.equals(expected!)).toBe(true);
    const steps = readFileSync(join(folder, 'stopped/metrics.jsonl'), 'utf8').trim().split('\n').length;
    expect(steps).toBe(60);
  });
});

describe('a run of two trainings', () => {
  it('is used by its folder, over the classes of both', async () => {
    const four = join(folder, 'four');
    await cp(join(folder, 'shapes'), four, { recursive: true });
    await cp(join(four, 'circle'), join(four, 'ring'), { recursive: true });
    const words = ['dataset.path=four', 'protocol=incremental', 'labels=lamm', 'train.epochs=1'];
    const trained = await promptweave('train', 'shapes.yaml', ...words, '--output', 'staged', '--json');
    expect(trained.code, trained.err).toBe(0);
    const { evaluations } = JSON.parse(trained.out) as { evaluations: Record<string, { accuracy: number }> };
    const predicted = await promptweave('predict', 'four/ring/3.png', '--run', 'staged', '--json');
    expect(predicted.code, predicted.err).toBe(0);
    const [answer] = JSON.parse(predicted.out) as [{ answers: { label: string }[] }];
    expect(answer.answers.map(({ label }) => label).sort()).toEqual(['circle', 'ring', 'square', 'triangle']);
    for (const classes of ['all', 'novel']) {
      const flags = classes === 'all' ? [] : ['--classes', classes];
      const evaluated = await promptweave('evaluate', 'staged', ...flags, '--json');
      expect(evaluated.code, evaluated.err).toBe(0);
      const { accuracy, loss } = JSON.parse(evaluated.out) as { accuracy: number; loss: number };
      expect(evaluations[`after/${classes}`]).toMatchObject({ accuracy, loss: expect.closeTo(loss, 4) as number });
    }
  });
});

it('the quickstart takes one’s own words after its own, also on WebAssembly', async () => {
  const words = ['--dry-run', '--output', join(folder, 'quick'), 'grid.seed=[3]'];
  const child = spawn(process.execPath, [join(root, 'tools/quickstart.mjs'), ...words], {
    ...{ cwd: root, env: { ...process.env, PROMPTWEAVE_BACKEND: 'wasm' } },
  });
  const { code, out, err } = await finished(child);
  expect(code, err).toBe(0);
  expect(out).toMatch(/seed=3/);
  expect(out).not.toMatch(/seed=1/);
});
