// Does a search find what the whole grid finds? For each seed, a grid of learning rates and labels is run whole, and searched by successive halving;
// compared are the best accuracy on validation images after the last epoch, and the steps. About three minutes a seed on 2 cores.
//
//   npm run build && node tools/search-evidence.mjs [SEED…]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validationCurve } from '@promptweave/bench';

const EPOCHS = 9;
const grid = `
backbone: { use: clip, checkpoint: icons }
dataset: { use: emoji-groups, shots: 8, size: 48 }
prompt: { use: coop, contextLength: 2 }
train: { epochs: ${EPOCHS}, batch: 32, augment: false, warmupEpochs: 0, evaluateEvery: 1 }
grid:
  train.learningRate: [0.0005, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
  labels.use: [frozen, lamm]
`;

const program = new URL('../apps/cli/bin/promptweave.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'search-evidence-'));
const seeds = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 2, 3, 4, 5, 6];
const percent = (value) => (100 * value).toFixed(1);

/** Runs a configuration, and tells the best accuracy of the cells that came to their ends, and the steps of all. */
function run(file, output, seed) {
  const words = [program, 'sweep', file, `seed=${seed}`, '--output', output];
  execFileSync(process.execPath, words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const curves = readdirSync(join(folder, output, 'cells')).map((id) =>
    validationCurve(join(folder, output, 'cells', id)),
  );
  return {
    best: Math.max(...curves.flatMap(({ points }) => points.get(EPOCHS) ?? [])),
    steps: curves.reduce((sum, { steps }) => sum + steps, 0),
  };
}

try {
  writeFileSync(join(folder, 'whole.yaml'), grid);
  writeFileSync(join(folder, 'search.yaml'), `${grid}search: {}\n`);
  console.log('| seed | best of the whole grid | best of the search | steps of the grid | steps of the search |');
  console.log('| ---: | ---------------------: | -----------------: | ----------------: | ------------------: |');
  for (const seed of seeds) {
    const whole = run('whole.yaml', `whole-${seed}`, seed);
    const found = run('search.yaml', `search-${seed}`, seed);
    const share = percent(found.steps / whole.steps);
    console.log(
      `| ${seed} | ${percent(whole.best)} | ${percent(found.best)} | ${whole.steps} | ${found.steps} (${share} %) |`,
    );
    assert.ok(found.best >= whole.best - 0.01, 'the search missed the best by more than a point');
    assert.ok(found.steps <= whole.steps / 3, 'the search took more than a third of the steps');
  }
} finally {
  rmSync(folder, { recursive: true });
}
