// A search over learning rates on the emoji suite, three seeds: within one point of the full grid's best validation accuracy at a third of its steps.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validationCurve } from '@promptweave/bench';

const program = new URL('../../apps/cli/bin/promptweave.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'search-'));
const grid = `
backbone: { use: clip, checkpoint: icons }
dataset: { use: emoji-groups, shots: 4, size: 48 }
prompt: { use: coop, contextLength: 2 }
train: { epochs: 9, batch: 32, augment: false, warmupEpochs: 0, evaluateEvery: 1 }
grid: { train.learningRate: [0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] }
`;

function run(file, output, seed) {
  const words = [program, 'sweep', file, `seed=${seed}`, '--output', output];
  execFileSync(process.execPath, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const cells = readdirSync(join(folder, output, 'cells')).map((id) =>
    validationCurve(join(folder, output, 'cells', id)),
  );
  return {
    best: Math.max(...cells.flatMap(({ points }) => [...points.values()])),
    steps: cells.reduce((sum, { steps }) => sum + steps, 0),
  };
}

try {
  writeFileSync(join(folder, 'full.yaml'), grid);
  writeFileSync(join(folder, 'search.yaml'), `${grid}search: { method: asha }\n`);
  for (const seed of [1, 2, 3]) {
    const full = run('full.yaml', `full-${seed}`, seed);
    const found = run('search.yaml', `search-${seed}`, seed);
    const percent = (value) => (100 * value).toFixed(1);
    console.log(
      `seed ${seed}: ${percent(found.best)} of ${percent(full.best)} with ${found.steps} of ${full.steps} steps`,
    );
    assert.ok(found.best >= full.best - 0.01, 'the search missed the best by more than a point');
    assert.ok(found.steps <= full.steps / 3, 'the search took more than a third of the steps');
  }
} finally {
  rmSync(folder, { recursive: true });
}
