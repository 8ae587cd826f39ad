// Writes the folder of a finished study without training anything: made-up results of so many methods, data sets, shots and seeds.
// node stub-study.mjs FOLDER [METHODS] [DATASETS] [SHOTS] [SEEDS]
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePredictions } from '@promptweave/core/experiment';

const METHODS = ['CLIP', 'CoOp', 'CoCoOp', 'KgCoOp', 'MaPLe', 'COMMA', 'PromptSRC', 'LAMM', 'Tip-Adapter-F'];
const DATASETS =
  'imagenet caltech101 oxford_pets stanford_cars oxford_flowers food101 fgvc_aircraft sun397 dtd eurosat ucf101'.split(
    ' ',
  );
const SHOTS = [1, 2, 4, 8, 16];
const CLASSES = 10;
const IMAGES = 20;
const STEPS = 40;

/** A number in [0, 1) that belongs to these words. */
const chance = (...words) => createHash('sha256').update(words.join(' ')).digest().readUInt32BE() / 2 ** 32;

const [folder, methods = 9, datasets = 11, shots = 5, seeds = 3] = process.argv.slice(2);
const cells = [];
for (const [m, name] of METHODS.slice(0, Number(methods)).entries()) {
  for (const dataset of DATASETS.slice(0, Number(datasets))) {
    for (const [s, count] of SHOTS.slice(0, Number(shots)).entries()) {
      for (let seed = 1; seed <= Number(seeds); seed++) {
        if (name === 'CLIP' && seed > 1) continue;
        const values = { dataset: { use: dataset, root: '/data/that/nobody/has' }, 'dataset.shots': count, seed };
        const id = createHash('sha256')
          .update(JSON.stringify([name, values]))
          .digest('hex')
          .slice(0, 16);
        cells.push(id);
        writeCell(id, name, values, 0.35 + 0.4 * chance(dataset) + (m > 0 ? 0.01 * m + 0.03 * s : 0), m);
      }
    }
  }
}
mkdirSync(folder, { recursive: true });
const about = { format: 1, name: 'stub', configuration: 'stub.yaml', overrides: [], protocol: 'few-shot', retries: 1 };
writeFileSync(join(folder, 'sweep.yaml'), JSON.stringify({ ...about, cells }));
console.log(`${cells.length} cells in ${folder}`);

function writeCell(id, name, values, expected, m) {
  const path = join(folder, 'cells', id);
  mkdirSync(path, { recursive: true });
  const write = (file, value) => writeFileSync(join(path, file), `${JSON.stringify(value)}\n`);
  const { use } = values.dataset;
  const labels = Array.from({ length: CLASSES * IMAGES }, (_, i) => Math.floor(i / IMAGES));
  const predicted = labels.map((label, i) => {
    const right = chance(use, i) * 0.8 + chance(id, i) * 0.2 < expected;
    return right ? label : (label + 1 + Math.floor(chance(id, i, 'wrong') * (CLASSES - 1))) % CLASSES;
  });
  const confusion = Array.from({ length: CLASSES }, () => Array(CLASSES).fill(0));
  labels.forEach((label, i) => (confusion[label][predicted[i]] += 1));
  const correct = confusion.reduce((sum, row, c) => sum + row[c], 0);
  const accuracy = correct / labels.length;
  const classes = confusion.map((row, c) => ({
    ...{ name: `class ${c} of ${use}`, images: IMAGES, correct: row[c], accuracy: row[c] / IMAGES },
  }));
  const rest = { topK: { 1: accuracy, 5: 1 }, expectedCalibrationError: 0.1, loss: 1 };
  const test = { images: labels.length, accuracy, macroF1: accuracy, ...rest, classes, confusion };
  const date = '2026-11-27T00:00:00.000Z';
  const provenance = {
    backend: 'none',
    platform: 'none',
    versions: {},
    date,
    git: { commit: 'a'.repeat(40), changed: false },
  };
  const parameters = m === 0 ? 0 : 4 ** m;
  const seconds = 10 * (m + 1);
  const training = { step: m === 0 ? 0 : STEPS, steps: m === 0 ? 0 : STEPS, epochs: 4, seconds };
  write('result.json', { format: 1, parameters, training, evaluations: { test }, evaluationSeconds: 5, provenance });
  const images = labels.map((_, i) => `${use}/${i}`);
  writePredictions(path, { test: { images, labels, predicted, confidence: labels.map(() => 0.5) } });
  const steps = m === 0 ? [] : Array.from({ length: STEPS }, (_, i) => i + 1);
  const lines = steps.map((step) => {
    const loss = 3 * Math.exp(-step / (10 + m)) + 0.2 + 0.1 * chance(id, step);
    return JSON.stringify({
      type: 'step',
      epoch: 0,
      epochs: 4,
      step,
      steps: STEPS,
      loss,
      terms: {},
      accuracy: 1 - loss / 4,
    });
  });
  writeFileSync(join(path, 'metrics.jsonl'), lines.map((line) => `${line}\n`).join(''));
  write('config.yaml', {
    dataset: values.dataset,
    prompt: { use: name },
    labels: { use: 'frozen' },
    protocol: { use: 'few-shot' },
  });
  const summary = { accuracy, macroF1: accuracy };
  write('outcome.json', { summary, parameters, seconds, evaluationSeconds: 5, date });
  const identity = { configuration: id, checkpoint: 'none', plugins: {} };
  const sweep = { id: 'stub', name: 'stub' };
  write('cell.json', { format: 1, id, name, standsFor: ['preset'], values, identity, configurationFolder: '.', sweep });
}
