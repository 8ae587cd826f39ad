// Trains a few steps on a folder of small generated photos, evaluates and predicts, through the command line alone.
// Usage: node smoke.mjs NODE PROMPTWEAVE.js
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const [node, promptweave] = process.argv.slice(2);
const sharp = createRequire(promptweave)('sharp');
const folder = mkdtempSync(join(tmpdir(), 'promptweave-smoke-'));
const colours = { red: [220, 30, 30], green: [30, 200, 40], blue: [30, 60, 220] };

for (const [name, [r, g, b]] of Object.entries(colours)) {
  for (const [split, count] of [
    ['train', 6],
    ['test', 4],
  ]) {
    const place = join(folder, 'photos', split, `${name} circle`);
    mkdirSync(place, { recursive: true });
    for (let i = 0; i < count; i++) {
      const circle = `<circle cx="${40 + 5 * i}" cy="48" r="${18 + 3 * i}" fill="rgb(${r},${g},${b})"/>`;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="white"/>${circle}</svg>`;
      await sharp(Buffer.from(svg))
        .jpeg()
        .toFile(join(place, `${i}.jpg`));
    }
  }
}
const configuration = `dataset: { use: folder, path: photos, shots: 4 }
prompt: { use: comma, depth: 3 }
labels: { use: lamm }
train: { steps: 6, batch: 4, learningRate: 0.0035 }
`;
writeFileSync(join(folder, 'smoke.yaml'), configuration);

const run = (...args) =>
  JSON.parse(
    execFileSync(node, [promptweave, ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
const trained = run('train', 'smoke.yaml', '--output', 'run', '--json');
const evaluated = run('evaluate', 'run', '--json');
const predicted = run('predict', join('photos', 'test', 'red circle', '0.jpg'), '--run', 'run', '--json');
assert.ok(trained, 'train printed a result');
assert.ok(evaluated, 'evaluate printed a result');
assert.equal(JSON.stringify(predicted).includes('red circle'), true, 'the prediction names a class');
rmSync(folder, { recursive: true });
console.log(`smoke run passed on Node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`);
