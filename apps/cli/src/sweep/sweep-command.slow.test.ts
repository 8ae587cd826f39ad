import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sweep-command-'));
/** A test starts the command some times, each of which takes seconds on a machine that does nothing else. */
const PATIENT = { timeout: 240_000 };

function start(...words: string[]): ChildProcess {
  const program = join(root, 'apps/cli/bin/promptweave.js');
  const env = {
    ...process.env,
    PROMPTWEAVE_BACKEND: 'cpu',
    NODE_OPTIONS: `--import=${join(folder, 'note-start.mjs')}`,
  };
  return spawn(process.execPath, [program, 'sweep', ...words], { cwd: folder, env });
}

async function finished(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  const text = { out: '', err: '' };
  child.stdout!.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (text.err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

const sweep = (...words: string[]) => finished(start(...words));

const cellsOf = (output: string): string[] => {
  const cells = join(folder, output, 'cells');
  return existsSync(cells) ? readdirSync(cells).map((id) => join(cells, id)) : [];
};
const outcomesOf = (output: string): string[] =>
  cellsOf(output)
    .map((cell) => join(cell, 'outcome.json'))
    .filter((file) => existsSync(file));
const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), `plugins: [default, ./stub-plugins.mjs]\nprompt: stub\n${text}`);
}

beforeAll(() => {
  copyFileSync(join(root, 'tools/ci/stub-plugins.mjs'), join(folder, 'stub-plugins.mjs'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Workers of all sweeps note what they were started for.
  writeFileSync(
    join(folder, 'note-start.mjs'),
    `import { appendFileSync } from 'node:fs';
    if (process.argv.includes('--worker')) appendFileSync(${JSON.stringify(join(folder, 'workers.txt'))}, process.argv.at(-1) + '\\n');`,
  );
  write(
    'grid.yaml',
    'backbone: stub\ndataset: { use: stub, shots: all }\ntrain: { epochs: 2, batch: 4, learningRate: 0.2 }\n' +
      'grid: { seed: [1, 2], prompt.scale: [0.5, 1] }\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

it('lists what it would run, and writes nothing', PATIENT, async () => {
  const { code, out, err } = await sweep('grid.yaml', '--output', 'dry', '--dry-run');
  expect(code, err).toBe(0);
  expect(out.match(/^[0-9a-f]{16} {2}waiting .* seed=\d, prompt\.scale=[\d.]+$/gm)).toHaveLength(4);
  expect(out).toContain('4 cells, 4 of them to be run');
  expect(existsSync(join(folder, 'dry'))).toBe(false);
});

it('runs as many as it is asked for, and later the others', PATIENT, async () => {
  const first = await sweep('grid.yaml', '--output', 'limited', '--limit', '1');
  expect(first.code, first.err).toBe(0);
  const [outcome, ...others] = outcomesOf('limited');
  expect(others).toEqual([]);
  const before = readFileSync(outcome!, 'utf8');
  const rest = await sweep('grid.yaml', '--output', 'limited');
  expect(rest.code, rest.err).toBe(0);
  expect(rest.err).toContain('1 of 4 cells were done before.');
  expect(outcomesOf('limited')).toHaveLength(4);
  expect(readFileSync(outcome!, 'utf8')).toBe(before);
});

it('runs cells one after the other in the process that has checked them', PATIENT, async () => {
  const started = (): string[] => linesOf(join(folder, 'workers.txt'));
  const before = started().length;
  const { code, err } = await sweep('grid.yaml', '--output', 'in-turn');
  expect(code, err).toBe(0);
  expect(started().slice(before)).toEqual(['estimate']);
  const beside = await sweep('grid.yaml', '--output', 'beside', '--jobs', '2');
  expect(beside.code, beside.err).toBe(0);
  expect(started().slice(before + 1)).toEqual(['estimate', 'cells', 'cells']);
  for (const file of outcomesOf('in-turn')) {
    const [own, other] = [file, file.replace('in-turn', 'beside')].map((name) => readFileSync(name, 'utf8'));
    expect((JSON.parse(own!) as { summary: unknown }).summary).toEqual(
      (JSON.parse(other!) as { summary: unknown }).summary,
    );
  }
});

it('keeps the whole grid where only some of its cells are run', PATIENT, async () => {
  const { code, out, err } = await sweep('grid.yaml', '--output', 'partial', '--only', 'seed=2', '--json');
  expect(code, err).toBe(0);
  expect(outcomesOf('partial')).toHaveLength(2);
  const described = readFileSync(join(folder, 'partial/sweep.yaml'), 'utf8');
  expect(described.match(/^ {2}- [0-9a-f]{16}$/gm)).toHaveLength(4);
  expect((JSON.parse(out) as { cells: unknown[] }).cells).toHaveLength(4);
});

it('leaves a cell alone that is a job of a Ray cluster, and says that it is not finished', PATIENT, async () => {
  await sweep('grid.yaml', '--output', 'away', '--limit', '1');
  const away = cellsOf('away').find((cell) => !existsSync(join(cell, 'outcome.json')))!;
  writeFileSync(join(away, 'ray.json'), JSON.stringify({ address: 'http://127.0.0.1:9', job: 'promptweave-1' }));
  const { code, err } = await sweep('grid.yaml', '--output', 'away');
  expect(code, err).toBe(1);
  expect(err).toContain('--engine ray --address http://127.0.0.1:9');
  expect(err).toContain('Cells that are not finished: 1.');
  expect(outcomesOf('away')).toHaveLength(3);
  expect(existsSync(join(away, 'outcome.json'))).toBe(false);
});

it('stops at Ctrl-C with 130, and goes on with the same command', PATIENT, async () => {
  write(
    'slow.yaml',
    'backbone: { use: stub, pause: 50 }\ndataset: { use: stub, shots: all }\n' +
      'train: { epochs: 10, batch: 4, learningRate: 0.2 }\ngrid: { seed: [1, 2] }\n',
  );
  const child = start('slow.yaml', '--output', 'stopped');
  const ended = finished(child);
  const begun = (): string | undefined =>
    cellsOf('stopped').find((cell) => linesOf(join(cell, 'metrics.jsonl')).length > 4);
  while (!begun() && child.exitCode === null) await sleep(20);
  const cell = begun()!;
  child.kill('SIGINT');
  const stopped = await ended;
  expect(stopped.code, stopped.err).toBe(130);
  expect(stopped.err).toContain('Go on with the same command.');
  expect(outcomesOf('stopped')).toEqual([]);

  const { code, err } = await sweep('slow.yaml', '--output', 'stopped');
  expect(code, err).toBe(0);
  expect(outcomesOf('stopped')).toHaveLength(2);
  expect(readFileSync(join(cell, 'log.txt'), 'utf8')).toMatch(/Going on after step \d+/);
  const steps = linesOf(join(cell, 'metrics.jsonl')).flatMap(
    (line) => (JSON.parse(line) as { step?: number }).step ?? [],
  );
  expect(steps).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
});

it('ends at once where its folder is removed while it runs', PATIENT, async () => {
  write(
    'gone.yaml',
    'backbone: { use: stub, pause: 50 }\ndataset: { use: stub, shots: all }\n' +
      'train: { epochs: 400, batch: 4, learningRate: 0.2 }\ngrid: { seed: [1, 2, 3] }\n',
  );
  const child = start('gone.yaml', '--output', 'gone', '--jobs', '2');
  const ended = finished(child);
  const runs = (): boolean => cellsOf('gone').some((cell) => linesOf(join(cell, 'metrics.jsonl')).length > 2);
  while (!runs() && child.exitCode === null) await sleep(20);
  rmSync(join(folder, 'gone'), { recursive: true, force: true });
  const { code, err } = await ended;
  expect(code, err).toBe(2);
  expect(err).toMatch(/^ConfigError: The folder of this cell was removed while the sweep ran\.$/m);
});

it('ends with the error of the one cell that it was to run, which no attempt would mend', PATIENT, async () => {
  for (const name of ['cat', 'dog']) {
    mkdirSync(join(folder, 'broken', name), { recursive: true });
    for (const file of ['a', 'b', 'c']) writeFileSync(join(folder, 'broken', name, `${file}.png`), 'no picture');
  }
  write('broken.yaml', 'backbone: stub\ndataset: { use: folder, path: broken }\ngrid: { seed: [1] }\n');
  const whole = await sweep('broken.yaml', '--output', 'failed', '--retries', '3');
  expect(whole.code, whole.err).toBe(1);
  const [cell] = cellsOf('failed');
  expect(linesOf(join(cell!, 'failures.jsonl'))).toHaveLength(1);
  const { code, err } = await sweep(cell!, '--cell', '--plugin', './stub-plugins.mjs', '--retries', '3');
  expect(err).toMatch(/^DatasetError: /m);
  expect(code).toBe(4);
});

it(
  'refuses a grid with cells that cannot work before anything runs, and runs the others where that is wanted',
  PATIENT,
  async () => {
    write(
      'partly.yaml',
      'backbone: stub\ntrain: { epochs: 1, batch: 4 }\ngrid: { dataset: [{ use: stub, shots: all }, { use: folder, path: nowhere }] }\n',
    );
    const refused = await sweep('partly.yaml', '--output', 'partly');
    expect(refused.code, refused.err).toBe(2);
    expect(refused.err).toMatch(/1 of 2 cells cannot work:\n {2}1 cell: The folder is missing[^]*dataset=nowhere/);
    expect(existsSync(join(folder, 'partly'))).toBe(false);
    const { code, err } = await sweep('partly.yaml', '--output', 'partly', '--skip-impossible');
    expect(code, err).toBe(0);
    expect(err).toMatch(/Left out, for they cannot work: 1 cell/);
    expect(err).toMatch(/✓ \[1\/1\] dataset=stub shots="all": accuracy [\d.]+ \(/);
    expect(readFileSync(join(folder, 'partly/sweep.yaml'), 'utf8')).toMatch(/leftOut:\n {2}- cell: dataset=nowhere/);
  },
);
