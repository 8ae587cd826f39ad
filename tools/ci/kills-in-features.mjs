// A training that is killed with kill -9 while it computes image features, then goes on, ends with the bits of a training that nobody
// disturbed and whose features were all there before. Best backend, embedded CLIP, drawings.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
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
import { setTimeout } from 'node:timers/promises';
import { cacheFolder } from '../../packages/runtime/lib/index.js';
import { promptweave, succeeded, tensorsOf } from './sweep-trial.mjs';

const KILLS = 4;
const folder = mkdtempSync(join(tmpdir(), 'kills-in-features-'));
const cache = join(folder, 'cache');
const features = join(cache, 'features');
mkdirSync(cache);
if (existsSync(join(cacheFolder(), 'runtime'))) symlinkSync(join(cacheFolder(), 'runtime'), join(cache, 'runtime'));
writeFileSync(
  join(folder, 'run.yaml'),
  `dataset: { use: emoji-animals, shots: 16 }
prompt: { use: coop, contextLength: 2, contextInit: '' }
train: { epochs: 2, batch: 26, augment: false, learningRate: 0.02 }
`,
);
const environment = { PROMPTWEAVE_CACHE: cache, PROMPTWEAVE_BACKEND: 'auto' };
const train = (output, ...words) =>
  promptweave(folder, { environment }, 'train', 'run.yaml', '--output', output, ...words);
const bits = (run) => tensorsOf(readFileSync(join(folder, run, 'prompts.safetensors')));
const filesOfFeatures = () =>
  existsSync(features)
    ? readdirSync(features, { recursive: true }).filter((file) => file.endsWith('.safetensors')).length
    : 0;

try {
  await succeeded(train('fills-the-cache'));
  const whole = filesOfFeatures();
  await succeeded(train('warm'));
  assert.ok(bits('warm').equals(bits('fills-the-cache')), 'the state of the cache changed the training');
  const reached = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    rmSync(features, { recursive: true, force: true });
    const output = `killed-${kill}`;
    const running = train(output);
    const exit = once(running, 'close');
    const wanted = Math.max(1, Math.round((kill / (KILLS + 1)) * whole));
    while (filesOfFeatures() < wanted && running.exitCode === null) await setTimeout(10);
    await setTimeout(Math.random() * 100);
    running.kill('SIGKILL');
    await exit;
    reached.push(filesOfFeatures());
    await succeeded(train(output, '--resume'));
    assert.ok(
      bits(output).equals(bits('warm')),
      `killed with ${reached.at(-1)} files of features, it learned other values`,
    );
  }
  assert.ok(Math.min(...reached) < whole, 'no training was killed while it computed features: the trial tried nothing');
  console.log(`${KILLS} trainings killed with ${reached.join(', ')} of ${whole} files of features: the same bits.`);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
