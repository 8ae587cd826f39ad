import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runReport } from './run-report.js';
import { writeZeroShot } from './zero-shot-file.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const classes = (accuracy: number) => [
  { name: 'cat <b>', images: 2, correct: 2 * accuracy, accuracy },
  { name: 'dog', images: 1, correct: 1, accuracy: 1 },
];
const evaluation = (accuracy: number) => ({
  ...{ images: 3, accuracy, topK: { 1: accuracy }, macroF1: 0.6, expectedCalibrationError: 0.1, loss: 0.7 },
  classes: classes(accuracy),
  confusion: [
    [1, 1],
    [0, 1],
  ],
});

function writeRun(): void {
  const result = {
    ...{ format: 1, parameters: 512, training: { step: 2, steps: 2, epochs: 1, seconds: 1.5 }, evaluationSeconds: 1 },
    evaluations: { test: evaluation(0.5) },
    ...{ skipped: { train: ['broken.jpg'], val: ['a&b.jpg', 'c.jpg'] } },
    ...{
      skipReasons: { train: { 'broken.jpg': 'The image is cut off.' } },
      unusedValidation: 3,
      warnings: ['All of it is warm-up.'],
    },
    provenance: { checkpoint: '', dataset: '', versions: {}, date: '', backend: '', platform: '' },
  };
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
  const test = {
    images: ['x.jpg', 'y.jpg', 'z.jpg'],
    labels: [0, 0, 1],
    predicted: [0, 1, 1],
    confidence: [0.9, 0.8, 0.7],
  };
  writeFileSync(join(folder, 'predictions.json'), JSON.stringify({ format: 1, sets: { test } }));
  const step = { type: 'step', epoch: 0, epochs: 1, steps: 2, terms: {}, learningRate: 1, loss: 1, accuracy: 0.5 };
  writeFileSync(
    join(folder, 'metrics.jsonl'),
    [1, 2].map((at) => `${JSON.stringify({ ...step, step: at })}\n`).join(''),
  );
}

it('shows how a run compares, what it gets wrong with the images, and what was left out', async () => {
  writeRun();
  writeZeroShot(folder, { evaluations: { test: evaluation(0) } as never, sets: {} });
  const asked: unknown[] = [];
  const html = await runReport(folder, (wanted) => {
    asked.push(...wanted);
    return Promise.resolve(['data:image/webp;base64,AAAA']);
  });
  expect(asked).toEqual([{ set: 'test', id: 'y.jpg' }]);
  expect(html).toContain('<td data-head="without training">0.0\u00a0%</td><td data-head="accuracy">50.0\u00a0%</td>');
  expect(html).toContain('<td>cat &lt;b&gt;</td><td>0.0\u00a0%</td><td>50.0\u00a0%</td><td>+50.0</td>');
  expect(html).toContain('src="data:image/webp;base64,AAAA" alt="y.jpg"');
  expect(html).toContain('<td>cat &lt;b&gt;</td><td>dog</td><td>1 of 2</td>');
  expect(html).toContain('Training loss, mean over neighbouring steps');
  expect(html).toContain('1 image of train was left out: broken.jpg. The image is cut off.');
  expect(html).toContain('2 images of val were left out: a&amp;b.jpg, c.jpg. log.txt says why.');
  expect(html).toContain('<li>All of it is warm-up.</li>');
  expect(html).toContain('Nothing used the 3 validation images');
  expect(html).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
});

it('shows a run without a comparison, and says where there is no run', async () => {
  await expect(runReport(folder, () => Promise.resolve([]))).rejects.toThrow(/no finished run, and no sweep/);
  writeRun();
  const html = await runReport(folder, () => Promise.resolve([undefined]));
  expect(html).toContain('<code>y.jpg</code>');
  expect(html).not.toContain('without training');
});
