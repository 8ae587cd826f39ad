import { constants } from 'node:fs';
import { access, copyFile, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { mkdtemp } from 'node:fs/promises';
import { doctor } from '../doctor.js';
import { installRuntime, type InstallOptions } from './install.js';
import { listRuntimes } from './installation.js';
import { downloadWheels } from './pip.js';
import { defaultTensorflow, wheelPlatform } from './platform.js';
import type { InstallProgress } from './progress.js';

/** These install for real: 300 MB from pip's index, minutes. */
const built = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const name = `${defaultTensorflow}-cpu-${process.platform}-${process.arch}`;

describe('installing for real', { timeout: 900_000 }, () => {
  let work = '';
  let cache = '';
  let wheel = '';

  beforeAll(async () => {
    await access(built, constants.R_OK);
    work = await mkdtemp(join(tmpdir(), 'promptweave-slow-'));
    await emptyCache();
    const platform = wheelPlatform();
    const requirement = `${platform.distribution}==${defaultTensorflow}`;
    [wheel = ''] = await downloadWheels([requirement], platform, join(work, 'download'), () => undefined);
  }, 900_000);

  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(work, { recursive: true, maxRetries: 5 });
  });

  const stored = (): Promise<string[]> => readdir(join(cache, 'runtime', '.store')).catch(() => []);
  /** Another folder: the pip of a process that was killed may still write to the former one. */
  const emptyCache = async (): Promise<void> => {
    cache = await mkdtemp(join(work, 'cache-'));
    vi.stubEnv('PROMPTWEAVE_CACHE', cache);
  };
  /** The problems of what is installed, by name; a usable one has none. */
  const state = async (): Promise<Record<string, string | undefined>> =>
    Object.fromEntries((await listRuntimes()).map((entry) => [entry.name, entry.problem]));

  /** Installs in a process of its own, which prints each step once. */
  function start(options: InstallOptions): ResultPromise {
    const script = `
      const { installRuntime } = await import(${JSON.stringify(built)});
      let last = '';
      const onProgress = ({ step }) => { if (step !== last) console.log(last = step); };
      console.log((await installRuntime({ ...${JSON.stringify(options)}, onProgress })).name);`;
    return execa(process.execPath, ['--input-type=module', '-e', script], { reject: false, stdin: 'ignore' });
  }

  /** Starts an installation and kills it without warning when it comes to a step. */
  async function killedAt(step: InstallProgress['step'], options: InstallOptions, delay: number): Promise<void> {
    const process = start(options);
    const reached = new Promise<void>((resolve) =>
      process.stdout?.on('data', (chunk) => String(chunk).includes(step) && resolve()),
    );
    await Promise.race([reached, process]);
    await new Promise((resolve) => setTimeout(resolve, delay));
    process.kill('SIGKILL');
    expect((await process).signal).toBe('SIGKILL');
  }

  test.each([
    ['download', {}, 1000],
    ['extract', { from: 'wheel' }, 1500],
    ['compile', { from: 'wheel' }, 1000],
  ] as const)('killed in the step %s: nothing is installed', async (step, options, delay) => {
    await emptyCache();
    await killedAt(step, 'from' in options ? { from: wheel } : {}, delay);
    expect(await state()).toEqual({});
    expect(await stored()).toHaveLength(1);
  });

  test('two at once: one installs, the other waits; what the killed one left is gone', async () => {
    const [first, second] = await Promise.all([start({ from: wheel }), start({})]);
    const outputs = [first, second].map(({ stdout }) => String(stdout).split('\n'));
    expect(outputs.map((lines) => lines.at(-1))).toEqual([name, name]);
    expect(outputs.filter((lines) => lines.includes('wait'))).not.toEqual([]);
    expect(await state()).toEqual({ [name]: undefined });
  });

  /** What a process prints that computes: installation, backend, a product, and whether there are fused operations. */
  async function multiplied(): Promise<{ stdout: string; stderr: string }> {
    const script = `
      const { selectBackend } = await import(${JSON.stringify(built)});
      const choice = await selectBackend('tensorflow');
      const tf = await import('@tensorflow/tfjs-core');
      const product = (await tf.matMul([[1, 2]], [[3], [4]]).data())[0];
      console.log(choice.installation, tf.getBackend(), product, tf.getKernel('PromptweaveSilu', 'tensorflow') !== undefined);`;
    const folder = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, stderr } = await execa(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    return { stdout, stderr };
  }

  test('it computes', async () => {
    expect(await multiplied()).toEqual({ stdout: `${name} tensorflow 11 true`, stderr: '' });
  });

  test('repeated, it does nothing; killed while it is forced, the former stays', async () => {
    const [former] = await listRuntimes();
    const steps: string[] = [];
    expect(await installRuntime({ onProgress: ({ step }) => steps.push(step) })).toEqual(former);
    expect(steps).toEqual([]);
    await killedAt('extract', { from: wheel, force: true }, 500);
    expect(await listRuntimes()).toEqual([former]);
  });

  test('a broken wheel is refused, whether its name is known or not, and the former stays', async () => {
    const former = await listRuntimes();
    for (const fileName of [basename(wheel), 'tensorflow_cpu-2.21.0-other.whl']) {
      const broken = join(work, 'broken', fileName);
      await mkdir(join(work, 'broken'), { recursive: true });
      await copyFile(wheel, broken);
      const file = await open(broken, 'r+');
      // In the middle of the first library, which is by far the largest part of the wheel.
      await file.write(Buffer.alloc(64, 0xa5), 0, 64, Math.floor((await stat(wheel)).size / 2));
      await file.close();
      await expect(installRuntime({ from: broken, force: true })).rejects.toMatchObject({
        name: 'BackendError',
        message: expect.stringMatching(/^The wheel tensorflow_cpu-2\.21\.0-.*\.whl is broken: /) as string,
      });
      await rm(broken);
    }
    expect(await listRuntimes()).toEqual(former);
  });

  test('a damaged installation is found out and replaced; where the compiler cannot do the fused operations, it computes without them', async () => {
    const [former] = await listRuntimes();
    await rm(join(former?.folder ?? '', 'binding/tfjs_binding.node'));
    expect(await state()).toEqual({ [name]: 'binding/tfjs_binding.node is missing' });
    const compiler = join(work, 'c++');
    await writeFile(
      compiler,
      '#!/bin/sh\ncase "$*" in *fused.cc*) echo "no vectors" >&2; exit 1;; esac\nexec c++ "$@"\n',
      {
        mode: 0o755,
      },
    );
    vi.stubEnv('CXX', compiler);
    const { notFused } = await installRuntime({ from: wheel });
    expect(notFused).toMatch(/could not compile native\/fused: no vectors/);
    expect(await state()).toEqual({ [name]: undefined });
    expect(await multiplied()).toEqual({ stdout: `${name} tensorflow 11 false`, stderr: '' });
    expect((await doctor('tensorflow')).missing[0]?.what).toContain('no vectors');
  });
});
