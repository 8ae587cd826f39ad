import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeMlflow } from '../../../../packages/tracking/src/fake-mlflow.test.support.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tracked-'));
const server = new FakeMlflow();
/** A test starts the command up to twice, which takes seconds on a machine that does nothing else. */
const PATIENT = { timeout: 240_000 };

function start(uri: string, ...words: string[]): ChildProcess {
  const program = join(root, 'apps/cli/bin/promptweave.js');
  const env = { ...process.env, MLFLOW_TRACKING_URI: uri };
  return spawn(process.execPath, [program, 'train', 'shapes.yaml', ...words], { cwd: folder, env });
}

async function finished(child: ChildProcess): Promise<{ code: number | null; err: string }> {
  let err = '';
  child.stdout!.resume();
  child.stderr!.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, err };
}

beforeAll(async () => {
  for (const shape of ['<circle cx="9" cy="9" r="8"/>', '<path d="M2 2h14v14h-14z"/>']) {
    const name = shape.slice(1, 5);
    mkdirSync(join(folder, 'shapes', name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18" fill="hsl(${i * 45},80%,50%)">${shape}</svg>`;
      writeFileSync(join(folder, 'shapes', name, `${i}.svg`), svg);
    }
  }
  writeFileSync(
    join(folder, 'shapes.yaml'),
    'dataset: { use: folder, path: shapes, shots: all }\nprompt: { use: coop, contextLength: 2 }\n' +
      'train: { epochs: 10, batch: 4 }\ntracker: { use: mlflow, experiment: shapes }\n',
  );
  await server.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

it('is one run on the server, also where the server was down and the process was killed', PATIENT, async () => {
  server.fate = () => 500;
  const killed = start(server.uri, '--output', 'run');
  const ended = finished(killed);
  const metrics = join(folder, 'run/metrics.jsonl');
  const lines = (): number => (existsSync(metrics) ? readFileSync(metrics, 'utf8').split('\n').length - 1 : 0);
  while (lines() < 4 && killed.exitCode === null) await sleep(20);
  killed.kill('SIGKILL');
  expect((await ended).code).toBeNull();
  expect(server.runs).toEqual([]);

  server.fate = () => 'ok';
  expect(await finished(start(server.uri, '--output', 'run', '--resume'))).toMatchObject({ code: 0 });
  expect(server.runs).toHaveLength(1);
  const [run] = server.runs;
  expect(run).toMatchObject({ status: 'FINISHED', params: { 'prompt.use': 'coop', 'prompt.contextLength': '2' } });
  const result = JSON.parse(readFileSync(join(folder, 'run/result.json'), 'utf8')) as {
    training: { steps: number };
    provenance: { dataset: string };
  };
  expect(run!.tags['promptweave.dataset']).toBe(result.provenance.dataset);
  const steps = run!.metrics.filter(({ key }) => key === 'train/loss').map(({ step }) => step);
  expect(steps).toEqual(Array.from({ length: result.training.steps }, (_, i) => i + 1));
  expect(steps.length).toBeGreaterThan(10);
  expect(
    Object.keys(run!.artifacts)
      .map((path) => path.split('/artifacts/').at(-1))
      .sort(),
  ).toEqual([
    ...['config.yaml', 'confusion/test.csv', 'environment.json', 'plots/confusion-test.svg', 'plots/training-loss.svg'],
    ...['prompts.safetensors', 'report.html', 'result.json'],
  ]);
});

it('leaves a run as it is that is in the folder already', PATIENT, async () => {
  const again = await finished(start(server.uri, '--output', 'run'));
  expect(again).toMatchObject({ code: 2, err: expect.stringContaining('This folder holds a run already.') as string });
  expect(server.runs).toHaveLength(1);
  expect(server.runs[0]!.status).toBe('FINISHED');
});

it('does not begin where the configuration asks for a server and names none', PATIENT, async () => {
  const { code, err } = await finished(start('', '--output', 'nowhere'));
  expect(err).toMatch(/^ConfigError: MLFLOW_TRACKING_URI is not set[^]*to do: .*tracker\.uri/m);
  expect(code).toBe(2);
  expect(existsSync(join(folder, 'nowhere'))).toBe(false);
});
