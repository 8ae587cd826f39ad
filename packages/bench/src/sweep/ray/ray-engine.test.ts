import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cellFiles, CellFolder } from '../cell-folder.js';
import type { Engine } from '../engine.js';
import { sendCell } from '../parcel.js';
import { runCells, type CellEnvironment } from '../run-cells.js';
import { runSweep } from '../run-sweep.js';
import { FakeHead } from './fake-head.test.support.js';
import { RayClient } from './ray-client.js';
import { rayEngine } from './ray-engine.js';
import { notePlace, rayPlaceFile, rayPlaceOf } from './ray-place.js';

let root = '';
let head: FakeHead;
let address = '';
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'ray-'));
  mkdirSync(join(root, 'program'));
  writeFileSync(join(root, 'program/package.json'), JSON.stringify({ name: 'promptweave' }));
  head = new FakeHead();
  address = await head.start();
});
afterEach(async () => {
  await head.stop();
  rmSync(root, { recursive: true });
});

function newCell(): CellFolder {
  const cell = new CellFolder(mkdtempSync(join(root, 'cell')));
  const identity = { configuration: '', checkpoint: '', plugins: {} };
  const sweep = { id: '0f1e2d3c-4b5a', name: 'sweep' };
  const described = { format: 1, id: cell.id, values: {}, identity, configurationFolder: '../program', sweep };
  writeFileSync(join(cell.path, cellFiles.cell), JSON.stringify(described));
  writeFileSync(join(cell.path, 'config.yaml'), 'seed: 1\n');
  return cell;
}

async function run(
  cells: readonly CellFolder[],
  outputSeconds = 60,
  signal?: AbortSignal,
  gpus = 0,
): Promise<string[]> {
  const needs = { cpus: 1, gpus };
  const program = join(root, 'program');
  const engine = rayEngine({ address, jobs: 1, needs, program, cells, pollSeconds: 0.01, outputSeconds });
  const notes: string[] = [];
  await engine.run({
    ...{ folder: root, cells, patience: { retries: 0 }, signal },
    onEvent: (event) => void (event.type === 'note' && notes.push(event.message)),
  });
  return notes;
}

/** The output of a job that finished its cell. */
function wholeParcel(): string {
  const far = mkdtempSync(join(root, 'far-'));
  writeFileSync(join(far, 'prompts.safetensors'), `\x02${'\0'.repeat(7)}{}`);
  const outcome = { summary: {}, parameters: 1, seconds: 1, evaluationSeconds: 1, date: '' };
  writeFileSync(join(far, 'outcome.json'), JSON.stringify(outcome));
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((text += String(chunk)), true));
  sendCell(new CellFolder(far), { status: 'finished' });
  spy.mockRestore();
  return text;
}

const statusOf = (cell: CellFolder): string => cell.state({ retries: 0 }).status;

describe('a Ray job that succeeded', () => {
  it.each([
    ['cannot be had', 500],
    ['is not known for a while', 404],
    ['is empty', ''],
    ['is damaged', 'half'],
  ] as const)('stays on the list while its output %s', async (_, first) => {
    const whole = wholeParcel();
    const atHand = first === 'half' ? whole.slice(0, whole.length / 2) : first;
    let asked = 0;
    head.output = () => (++asked <= 3 ? atHand : whole);
    const cell = newCell();
    const notes = await run([cell]);
    expect(asked).toBe(4);
    expect(statusOf(cell)).toBe('finished');
    expect(cell.failures()).toEqual([]);
    expect(head.submitted).toHaveLength(1);
    expect(head.removed).toEqual([head.submitted[0]!.submission_id]);
    expect(notes).toContainEqual(expect.stringContaining('its output is not to be had yet'));
  });

  it('counts as lost where its output does not come within minutes', async () => {
    head.output = () => 500;
    const cell = newCell();
    await run([cell], 0.1);
    expect(cell.failures()).toMatchObject([{ kind: 'lost' }]);
    expect(statusOf(cell)).toBe('waiting');
    expect(head.removed).toHaveLength(1);
  });
});

describe('a job', () => {
  it.each([
    [0, ''],
    [1, undefined],
  ])('that is given %i GPUs sees no other', async (gpus, visible) => {
    const whole = wholeParcel();
    head.output = () => whole;
    await run([newCell()], 60, undefined, gpus);
    const { entrypoint_num_gpus, runtime_env } = head.submitted[0]!;
    expect(entrypoint_num_gpus).toBe(gpus);
    expect((runtime_env['env_vars'] as Record<string, string>)['CUDA_VISIBLE_DEVICES']).toBe(visible);
  });
});

describe('the archive', () => {
  it('is sent once, and again where Ray has deleted it before a job is submitted', async () => {
    const whole = wholeParcel();
    head.output = () => whole;
    head.ending = ({ runtime_env }) => {
      expect(head.packages).toContain((runtime_env['working_dir'] as string).replace('gcs://', ''));
      if (head.submitted.length === 2) head.packages.clear();
      return { status: 'SUCCEEDED' };
    };
    const cells = [newCell(), newCell(), newCell()];
    await run(cells);
    expect(cells.map(statusOf)).toEqual(['finished', 'finished', 'finished']);
    expect(head.sent).toHaveLength(2);
    expect(new Set(head.sent).size).toBe(1);
  });

  it.each([
    [
      'was deleted before the job began is nothing that the cell could help',
      'lost',
      'runtime_env setup failed: Failed to set up runtime environment. Failed to download runtime_env file package ' +
        'gcs://_ray_pkg_0.zip from the GCS to the Ray worker node. The package may have prematurely been deleted from the GCS',
    ],
    [
      'asks for what pip does not find has an error of its own',
      'error',
      'runtime_env setup failed: Failed to install pip requirements in _ray_pkg_0: ERROR: No matching distribution',
    ],
  ])('that %s', async (_, kind, message) => {
    head.ending = () => ({ status: 'FAILED', error_type: 'RUNTIME_ENV_SETUP_FAILURE', message });
    const cell = newCell();
    await run([cell]);
    expect(cell.failures()).toMatchObject([{ kind }]);
  });
});

it('counts a job that Ray does not know any more as lost', async () => {
  const cell = newCell();
  head.ending = ({ submission_id }) => {
    setTimeout(() => head.jobs.delete(submission_id));
    return { status: 'RUNNING' };
  };
  await run([cell]);
  expect(cell.failures()).toMatchObject([
    { kind: 'lost', message: expect.stringContaining('does not know it') as string },
  ]);
});

it('takes a lost job off the list before it counts it, so that a scheduler killed in between does not count it twice', async () => {
  const cell = newCell();
  head.ending = () => ({ status: 'FAILED', message: 'its supervisor died' });
  const counted: number[] = [];
  head.beforeRemoval = () => void counted.push(cell.failures().length);
  await run([cell]);
  expect(counted).toEqual([0]);
  expect(cell.failures()).toMatchObject([{ kind: 'lost' }]);
});

describe('a cell that is a job while its scheduler is gone', () => {
  /** Submits a cell and ends, as a scheduler that is stopped does. */
  async function submitted(status: 'PENDING' | 'RUNNING' | 'SUCCEEDED'): Promise<CellFolder> {
    const cell = newCell();
    const controller = new AbortController();
    head.ending = () => {
      setTimeout(() => controller.abort());
      return { status: 'RUNNING' };
    };
    await run([cell], 60, controller.signal);
    const { job } = rayPlaceOf(cell)!;
    head.jobs.set(job, { ...head.jobs.get(job)!, status });
    return cell;
  }

  /** A sweep of another engine, which finishes whatever it is given. */
  async function sweepBy(engine: Partial<Engine>, cells: readonly CellFolder[]) {
    const given: CellFolder[] = [];
    const notes: string[] = [];
    const finish: Engine['run'] = async ({ cells: open }) => {
      for (const cell of open) {
        given.push(cell);
        cell.finish({ summary: {}, parameters: 0, seconds: 0, evaluationSeconds: 0, date: '' });
      }
    };
    const states = await runSweep({
      ...{ folder: root, cells, patience: { retries: 0 }, engine: { name: 'local', run: finish, ...engine } },
      onEvent: (event) => void (event.type === 'note' && notes.push(event.message)),
    });
    return { given, notes, states: states.map(({ status }) => status) };
  }

  it.each(['PENDING', 'RUNNING', 'SUCCEEDED'] as const)(
    'is left alone by other engines while it is %s',
    async (status) => {
      const [away, other] = [await submitted(status), newCell()];
      const { given, notes, states } = await sweepBy({}, [away, other]);
      expect(given).toEqual([other]);
      expect(states).toEqual(['waiting', 'finished']);
      expect(notes).toEqual([
        expect.stringContaining(`Go on with --engine ray --address ${address}, or stop the jobs`),
      ]);
      expect(head.submitted).toHaveLength(1);
    },
  );

  it('is left alone by the engine of another cluster, and brought home by that of its own', async () => {
    const cell = await submitted('SUCCEEDED');
    expect((await sweepBy({ name: 'ray', address: 'http://elsewhere:8265' }, [cell])).given).toEqual([]);
    const whole = wholeParcel();
    head.output = () => whole;
    await run([cell]);
    expect(statusOf(cell)).toBe('finished');
    expect(head.submitted).toHaveLength(1);
    expect(existsSync(rayPlaceFile(cell))).toBe(false);
    expect((await sweepBy({ name: 'ray', address }, [cell])).notes).toEqual([]);
  });

  it.each(['FAILED', 'STOPPED', undefined] as const)('is free where the job is %s', async (status) => {
    const cell = await submitted('RUNNING');
    const { job } = rayPlaceOf(cell)!;
    if (status) head.jobs.set(job, { ...head.jobs.get(job)!, status });
    else head.jobs.delete(job);
    const { given, notes } = await sweepBy({}, [cell]);
    expect(given).toEqual([cell]);
    expect(notes).toEqual([]);
    expect(existsSync(rayPlaceFile(cell))).toBe(false);
  });

  it('is left alone where the cluster does not answer, until its file is removed', async () => {
    const cell = await submitted('RUNNING');
    await head.stop();
    const { given, notes } = await sweepBy({}, [cell]);
    expect(given).toEqual([]);
    expect(notes).toEqual([expect.stringContaining(`remove ${rayPlaceFile(cell)}`)]);
    rmSync(rayPlaceFile(cell));
    expect((await sweepBy({}, [cell])).given).toEqual([cell]);
    await head.start();
  }, 20_000);

  it('is not run by a process that chose it just before it was submitted', async () => {
    const cell = newCell();
    notePlace(cell, { address, job: 'job' });
    const events: string[] = [];
    const onEvent = ({ type }: { readonly type: string }): void => void events.push(type);
    await runCells({ cells: [cell], patience: { retries: 0 }, onEvent }, {} as CellEnvironment);
    expect(events).toEqual([]);
    expect(cell.failures()).toEqual([]);
  });
});

describe('a dashboard', () => {
  const seen: string[] = [];
  const broken = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.writeHead(request.method === 'GET' ? 404 : 500).end('broken'));
  });
  let where = '';
  beforeEach(async () => {
    seen.length = 0;
    broken.listen(0, '127.0.0.1');
    await once(broken, 'listening');
    where = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`;
  });
  afterEach(() => void broken.close());

  it.each(['/ray', '/ray/', '/a/b//'])('below the path %s is asked there', async (path) => {
    await new RayClient(`${where}${path}`, {}, 1).logs('x');
    expect(seen).toEqual([`GET ${path.replace(/\/+$/, '')}/api/jobs/x/logs`]);
  });

  it('that cannot use an archive gets it three times at most', async () => {
    const sent = new RayClient(where, {}, 60).upload({ name: 'a.zip', zip: async () => Buffer.from('zip') });
    await expect(sent).rejects.toThrow('The Ray head cannot use what it is sent (status 500: broken).');
    expect(seen.filter((what) => what.startsWith('PUT'))).toHaveLength(3);
  });
});
