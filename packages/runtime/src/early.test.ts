import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { listRuntimes } from './install/installation.js';

const built = (name: string): string => JSON.stringify(new URL(`../lib/${name}.js`, import.meta.url).href);
const run = (program: string) => {
  const code = `import { beginToLoad } from ${built('early')}; ${program}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
};
const mapped = "readFileSync('/proc/self/maps', 'utf8').includes('libtensorflow_cc')";
const installed = await listRuntimes();
/** Not where there are several, nor where a container refuses a thread descriptors of its own (Docker's filter of system calls). */
const begins =
  installed.map(({ variant }) => variant).join() === 'cpu' &&
  process.platform === 'linux' &&
  /^Seccomp:\s*0$/m.test(readFileSync('/proc/self/status', 'utf8'));
const native = it.runIf(tf.getBackend() === 'tensorflow' && process.platform === 'linux');

native('libtensorflow loads beside a program, whose errors are seen, and computes', () => {
  const { status, stdout, stderr } = run(`
    import { readFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    beginToLoad();
    for (let i = 0; i < 100; i++) { console.error('line ' + i); await setTimeout(2); }
    for (let i = 0; i < 500 && !(${mapped}); i++) await setTimeout(20);
    console.log(String(${mapped}));
    const { selectBackend } = await import(${built('index')});
    const tf = await import(${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-core'))});
    await selectBackend('tensorflow');
    console.log(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync().join());`);
  expect(stderr.trim().split('\n')).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i}`));
  const [loaded, product] = stdout.trim().split('\n');
  if (begins) expect(loaded).toBe('true');
  expect([product, status]).toEqual(['3,3,3,3', 0]);
});

native('a program may end while it loads', () => {
  for (let i = 0; i < 12; i++) {
    const wait = `await new Promise((go) => setTimeout(go, ${15 * i}));`;
    const { status, signal, stderr } = run(`beginToLoad(); ${wait} process.exit(3);`);
    expect({ status, signal, stderr }).toEqual({ status: 3, signal: null, stderr: '' });
  }
});

it('is nothing where another backend is asked for, or there is none', () => {
  const { status, stdout } = run(`
    import { existsSync, readFileSync } from 'node:fs';
    for (const [name, value] of [['PROMPTWEAVE_BACKEND', 'wasm'], ['PROMPTWEAVE_CACHE', '/nowhere']]) {
      process.env[name] = value;
      beginToLoad();
      delete process.env[name];
    }
    await new Promise((go) => setTimeout(go, 300));
    console.log(String(existsSync('/proc/self/maps') && ${mapped}));`);
  expect([stdout, status]).toEqual(['false\n', 0]);
});
