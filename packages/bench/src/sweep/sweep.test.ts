import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InvalidConfigurationError,
  sourceFromValue,
  thisProcess,
  type Configuration,
  type RunResult,
} from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStudy } from '../report/study.js';
import { studyText } from '../report/study-text.js';
import { tinyConfiguration, tinyEnvironment, tinyRegistry } from '../tiny.test.support.js';
import type { CellFolder } from './cell-folder.js';
import type { Engine, SweepEvent } from './engine.js';
import { FeatureLibrary } from './feature-library.js';
import { inProcessEngine } from './local-engine.js';
import { planSweep, type PlannedCell } from './plan.js';
import { runSweep } from './run-sweep.js';
import { SweepFolder } from './sweep-folder.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sweep-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const plan = (configuration: Configuration, overrides: string[] = []): Promise<PlannedCell[]> => {
  const source = sourceFromValue({ ...tinyConfiguration, ...configuration });
  return planSweep({ source, registry: tinyRegistry(), folder: root, overrides });
};

async function prepare(name: string, configuration: Configuration, retries = 0) {
  const folder = new SweepFolder(join(root, name));
  const about = { name, file: 'sweep.yaml', overrides: [], retries };
  return { folder, cells: folder.prepare(await plan(configuration), about, root) };
}

async function run(folder: SweepFolder, cells: readonly CellFolder[], retries = 0, signal?: AbortSignal) {
  const environment = tinyEnvironment();
  const events: SweepEvent[] = [];
  const engine = inProcessEngine({ ...environment, features: new FeatureLibrary(folder.features, 'test') });
  const onEvent = (event: SweepEvent): void => void events.push(event);
  const request = { folder: folder.path, cells, patience: { retries }, signal, engine, onEvent, pollSeconds: 0.05 };
  const states = await runSweep(request);
  await environment.close();
  return { states, begun: events.filter(({ type }) => type === 'begin').length };
}

const learned = (cell: CellFolder): Buffer => readFileSync(join(cell.path, 'prompts.safetensors'));

describe('planSweep', () => {
  it('gives equal identities to equal experiments, however they are written', async () => {
    const [one] = await plan({ prompt: 'context', grid: { seed: [2] } });
    const [two] = await plan({ seed: 2, output: 'elsewhere', grid: { 'prompt.use': ['context'] } });
    expect(two!.id).toBe(one!.id);
    expect(one!.id).toMatch(/^[0-9a-f]{16}$/);
    expect(one!.identity.checkpoint).toBe('tiny');
    expect(one!.identity.preprocessing).toMatchObject({ resize: 'shortest', interpolation: 'bicubic' });
    expect(one!.identity.plugins).toEqual({ '@promptweave/core': expect.any(String), tiny: '1' });
  });

  it('gives other identities where anything counts', async () => {
    const cells = await plan({ grid: { seed: [1, 2], 'train.learningRate': [0.1, 0.2], 'dataset.noise': [1, 2] } });
    expect(new Set(cells.map(({ id }) => id)).size).toBe(8);
  });

  it('says which cells run first', async () => {
    const first = [{ seed: 3 }, { 'prompt.use': 'context', seed: [1, 2] }];
    const cells = await plan({ grid: { 'prompt.use': ['none', 'context'], seed: [1, 2, 3], first } });
    expect(cells.map(({ priority }) => priority)).toEqual([2, 2, 0, 1, 1, 0]);
  });

  it('checks every cell before anything is run', async () => {
    const error: unknown = await plan({ grid: { 'prompt.use': ['none', 'contxt'], seed: [1, 2] } }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InvalidConfigurationError);
    expect((error as Error).message).toContain('there is no prompt learner called "contxt"');
    expect((error as Error).message).toContain('cell prompt.use=contxt, seed=1, and 1 more');
  });
});

describe('runSweep', () => {
  const grid = { 'prompt.use': ['none', 'context'], seed: [1, 2] };

  it('runs every cell once; the second sweep takes them as they are', async () => {
    const { folder, cells } = await prepare('once', { protocol: 'base-to-novel', grid });
    const first = await run(folder, cells);
    expect(first.states.map(({ status }) => status)).toEqual(Array(4).fill('finished'));
    expect(first.begun).toBe(4);
    const kept = readdirSync(folder.features, { recursive: true, encoding: 'utf8' });
    expect(kept.filter((path) => path.endsWith('.safetensors'))).not.toEqual([]);
    expect(kept.filter((path) => path.endsWith('.text'))).toHaveLength(2); // base and novel classes, zero-shot
    const again = await prepare('once', { protocol: 'base-to-novel', grid: { ...grid, seed: [1, 2, 3] } });
    expect((await run(again.folder, again.cells)).begun).toBe(2);
    const study = readStudy(again.folder);
    expect(study.axes).toEqual(['prompt.use']);
    expect(study.rows.map(({ cells: own }) => own.length)).toEqual([3, 3]);
    const list = [{ name: 'A', prompt: 'none' }];
    const renamed = await prepare('once', { protocol: 'base-to-novel', grid: { list, seed: [1, 2] } });
    expect(renamed.cells.map((cell) => cell.state({ retries: 0 }).status)).toEqual(['finished', 'finished']);
    expect(readStudy(renamed.folder).cells.map(({ name }) => name)).toEqual(['A', 'A']);
  });

  it('refuses a cell whose file of descriptions has changed since it was planned, and plans another one', async () => {
    const file = join(root, 'words.json');
    const describe = (article: string): void => {
      const names = ['ant', 'bee', 'cat', 'dog'];
      writeFileSync(file, JSON.stringify(Object.fromEntries(names.map((name) => [name, `${article} ${name}`]))));
    };
    const configuration = { head: { use: 'cosine', descriptions: 'words.json' }, grid: { seed: [1] } };
    describe('a');
    const first = await prepare('words', configuration);
    describe('the');
    const [changed] = (await run(first.folder, first.cells)).states;
    expect(changed).toMatchObject({
      status: 'failed',
      failures: [{ message: 'The file that head.descriptions names has changed since this cell was planned.' }],
    });
    const second = await prepare('words', configuration);
    expect(second.cells[0]!.id).not.toBe(first.cells[0]!.id);
    expect((await run(second.folder, second.cells)).states[0]!.status).toBe('finished');
    const result = JSON.parse(readFileSync(join(second.cells[0]!.path, 'result.json'), 'utf8')) as RunResult;
    const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
    expect(result.provenance.contents).toEqual({ 'head.descriptions': digest });
  });

  it('goes on with a half-run cell and ends with the same bits', async () => {
    const configuration = { grid: { 'prompt.use': ['context'], seed: [1, 2] } };
    const whole = await prepare('whole', configuration);
    await run(whole.folder, whole.cells);

    const { folder, cells } = await prepare('stopped', configuration);
    const environment = tinyEnvironment();
    const controller = new AbortController();
    let steps = 0;
    const onEvent = (event: SweepEvent): void => {
      if (event.type === 'train' && event.event.type === 'step' && ++steps === 7) controller.abort();
    };
    const engine = inProcessEngine(environment);
    const states = await runSweep({
      folder: folder.path,
      cells,
      patience: { retries: 0 },
      signal: controller.signal,
      engine,
      onEvent,
    });
    expect(states.map(({ status }) => status)).toEqual(['interrupted', 'waiting']);
    await environment.close();
    await run(folder, cells);
    cells.forEach((cell, i) => expect(learned(cell).equals(learned(whole.cells[i]!))).toBe(true));
    expect(cells.map((cell) => cell.outcome()!.summary)).toEqual(whole.cells.map((cell) => cell.outcome()!.summary));
  });

  it('records what fails after its retries and goes on with the others', async () => {
    const { folder, cells } = await prepare('failing', { grid: { 'labels.use': ['failing', 'frozen'] } }, 2);
    const { states, begun } = await run(folder, cells, 2);
    expect(states.map(({ status }) => status)).toEqual(['failed', 'finished']);
    expect(begun).toBe(4);
    expect(cells[0]!.failures().map(({ message }) => message)).toEqual(
      Array(3).fill(expect.stringContaining('these labels cannot be made')),
    );
    expect(readStudy(folder).failures).toHaveLength(1);
    cells[0]!.forgive();
    expect(cells[0]!.state({ retries: 2 }).status).toBe('waiting');
  });

  it('refuses a cell whose configuration was changed', async () => {
    const { folder, cells } = await prepare('changed', { grid: { seed: [1] } });
    const file = join(cells[0]!.path, 'config.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('seed: 1', 'seed: 9'));
    await run(folder, cells);
    expect(cells[0]!.failures()[0]!.message).toContain('not the one that it was planned with');
  });

  it(
    'runs cells again whose files are damaged, whatever they are, and names the files',
    { timeout: 60_000 },
    async () => {
      const { folder, cells } = await prepare('damaged', { prompt: 'context', grid: { seed: [1, 2] } });
      await run(folder, cells);
      const { path } = cells[0]!;
      const expected = cells[0]!.outcome()!.summary;
      const damages: [string, (file: string) => void][] = [
        ['empty', (file) => writeFileSync(file, '')],
        ['cut', (file) => writeFileSync(file, readFileSync(file).subarray(0, 21))],
        ['of another form', (file) => writeFileSync(file, '[1, 2]\n')],
        ['a folder', (file) => (rmSync(file), mkdirSync(file))],
      ];
      const files = [
        'outcome.json',
        'result.json',
        'predictions.json',
        'metrics.jsonl',
        'config.yaml',
        'prompts.safetensors',
      ];
      for (const file of files) {
        for (const [what, damage] of damages) {
          if (file === 'metrics.jsonl' && what === 'empty') continue; // nothing was learned, as far as one can see
          damage(join(path, file));
          const study = readStudy(folder);
          expect(
            study.damaged.map((each) => each.file),
            `${file} ${what}`,
          ).toEqual([join(path, file)]);
          expect(studyText(study, 'table')).toContain(`1 file of a cell is damaged`);
          expect(cells.map((cell) => cell.state({ retries: 0 }).status)).toEqual([
            expect.stringMatching(/waiting|interrupted/),
            'finished',
          ]);
          const again = (await prepare('damaged', { prompt: 'context', grid: { seed: [1, 2] } })).cells;
          expect(
            (await run(folder, again)).states.map(({ status }) => status),
            `${file} ${what}`,
          ).toEqual(['finished', 'finished']);
          expect(cells[0]!.outcome()!.summary).toEqual(expected);
          expect(readStudy(folder).damaged).toEqual([]);
        }
      }
    },
  );

  it('leaves a cell out of the report whose description is damaged, and names it', async () => {
    const { folder, cells } = await prepare('undescribed', { grid: { seed: [1, 2] } });
    writeFileSync(join(cells[0]!.path, 'cell.json'), '{"format": 1');
    const study = readStudy(folder);
    expect(study.cells.map(({ id }) => id)).toEqual([cells[1]!.id]);
    expect(study.damaged.map(({ file }) => file)).toEqual([join(cells[0]!.path, 'cell.json')]);
    writeFileSync(join(folder.path, 'sweep.yaml'), 'format: 1\n');
    expect(() => readStudy(folder)).toThrow(/What the sweep was planned as is damaged/);
  });

  it('gives cells of dead processes back before other processes run them', async () => {
    const { folder, cells } = await prepare('left', { grid: { seed: [1] } });
    const { pid } = spawnSync(process.execPath, ['--version']); // it is dead by now
    writeFileSync(join(cells[0]!.path, 'claim.1'), JSON.stringify({ ...thisProcess(), pid }));
    const claims: string[] = [];
    const engine: Engine = {
      name: 'looking',
      run: ({ cells: given }) => {
        claims.push(readFileSync(join(given[0]!.path, 'claim.2'), 'utf8'));
        given[0]!.fail({ kind: 'error', message: 'enough' });
        return Promise.resolve();
      },
    };
    await runSweep({ folder: folder.path, cells, patience: { retries: 0 }, engine });
    expect(claims).toEqual(['']);
  });

  it('waits for the cells of another living process and takes over those of a dead one', async () => {
    const { folder, cells } = await prepare('shared', { grid: { seed: [1, 2] } });
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const started = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!;
    writeFileSync(join(cells[0]!.path, 'claim.1'), JSON.stringify({ ...thisProcess(), pid: child.pid, started }));
    const sweep = run(folder, cells);
    while (!existsSync(join(cells[1]!.path, 'outcome.json'))) await new Promise((done) => setTimeout(done, 20));
    expect(cells[0]!.state({ retries: 0 }).status).toBe('running');
    child.kill('SIGKILL');
    expect((await sweep).states.map(({ status }) => status)).toEqual(['finished', 'finished']);
  });
});
