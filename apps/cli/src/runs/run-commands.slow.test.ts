import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRun } from '../index.js';
import { finished, folder, promptweave, root, start, useShapes } from '../testing/shapes.test.support.js';

useShapes();

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

  it('stops after the current step at Ctrl-C, and goes on with the same bits', async () => {
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

it('takes the best cell of a sweep and says which, a prompts.safetensors alone, and a run that was copied elsewhere', async () => {
  const words = [
    'grid.train.learningRate=[1e-9,0.02]',
    'labels=lamm',
    'train.evaluateEvery=1',
    'train.epochs=4',
    'dataset.shots=2',
  ];
  const { code, err } = await promptweave('sweep', 'shapes.yaml', ...words, '--output', 'cells');
  expect(code, err).toBe(0);
  const notes: string[] = [];
  const best = await openRun(join(folder, 'cells'), { onNote: (note) => notes.push(note) });
  expect(notes.join()).toMatch(/train\.learningRate=.*: the best validation of 2 cells, \d+\.\d %/);
  const expected = await best.predict(join(folder, 'shapes/circle/3.png'));
  const chosen = /takes (\S+) /.exec(notes.join())![1]!;
  await best.close();
  copyFileSync(join(chosen, 'prompts.safetensors'), join(folder, 'alone.safetensors'));
  for (const place of [chosen, join(folder, 'alone.safetensors')]) {
    const run = await openRun(place);
    expect(await run.predict(join(folder, 'shapes/circle/3.png'))).toEqual(expected);
    await run.close();
  }
  await expect(openRun(join(folder, 'cells'), { bestBy: 'acuracy' })).rejects.toThrow(/accuracy/);
  const elsewhere = join(folder, 'far/away/from/here');
  mkdirSync(elsewhere, { recursive: true });
  for (const file of ['config.yaml', 'prompts.safetensors']) copyFileSync(join(chosen, file), join(elsewhere, file));
  const evaluated = await promptweave('evaluate', elsewhere, '--json');
  expect(evaluated.code, evaluated.err).toBe(0);
  expect(evaluated.err).toContain('copied from elsewhere');
});
