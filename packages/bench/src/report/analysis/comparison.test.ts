import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePredictions, type SetPredictions } from '@promptweave/core/experiment';
import { afterAll, describe, expect, it } from 'vitest';
import { CellFolder } from '../../sweep/cell-folder.js';
import { axisPicture } from '../axis-pictures.js';
import { studyOf, type StudiedCell } from '../study.js';
import { axisCurves, axisEffects } from './axis-effects.js';
import { beforeAfter } from './before-after.js';
import { compareRows, differenceText } from './comparison.js';
import { drawCounts, interval, RESAMPLES, resampledMeans, seededRandom } from './resampling.js';

const folder = mkdtempSync(join(tmpdir(), 'comparison-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A finished cell; with `right`, one that kept its answers: images of class 0, of which class 1 is said where it is wrong. */
function cell(values: Record<string, unknown>, summary: Record<string, number>, right?: boolean[]): StudiedCell {
  const id = JSON.stringify(values).replaceAll(/\W/g, '-');
  const path = join(folder, id);
  if (right) {
    mkdirSync(path, { recursive: true });
    writePredictions(path, { test: answers(right) });
  }
  const outcome = {
    summary,
    parameters: values['prompt.use'] === 'none' ? 0 : 8,
    seconds: 1,
    evaluationSeconds: 1,
    date: '',
  };
  return { id, values, folder: new CellFolder(path), state: { status: 'finished', outcome } };
}

function answers(right: boolean[]): SetPredictions {
  return {
    images: right.map((_, i) => `image ${i}`),
    labels: right.map(() => 0),
    predicted: right.map((is) => (is ? 0 : 1)),
    confidence: right.map(() => 0.5),
  };
}

function study(cells: StudiedCell[]) {
  return studyOf({ name: 's', protocol: 'few-shot', folder, cells });
}

describe('resampling', () => {
  it('draws n of n, evenly, and the same again', () => {
    const counts = drawCounts(50);
    expect(counts).toEqual(drawCounts(50));
    const totals = Array.from({ length: RESAMPLES }, (_, draw) => {
      return Array.from({ length: 50 }, (_, i) => counts[i * RESAMPLES + draw]!).reduce((sum, count) => sum + count, 0);
    });
    expect(new Set(totals)).toEqual(new Set([50]));
    const random = seededRandom(3);
    const values = Array.from({ length: 20_000 }, random);
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 2);
  });

  it('has the spread that a mean of draws has', () => {
    // 400 draws of a coin that is 1 in 3 of 10 cases: standard error sqrt(0.3 · 0.7 / 400) = 0.0229, 95 %: ± 1.96 of it
    const values = Array.from({ length: 400 }, (_, i) => (i % 10 < 3 ? 1 : 0));
    const { low, high } = interval(resampledMeans(values, drawCounts(400)));
    expect(low).toBeGreaterThan(0.3 - 0.0449 - 0.006);
    expect(low).toBeLessThan(0.3 - 0.0449 + 0.006);
    expect(high).toBeGreaterThan(0.3 + 0.0449 - 0.006);
    expect(high).toBeLessThan(0.3 + 0.0449 + 0.006);
  });
});

describe('a comparison', () => {
  it('pairs by image: what both rows get right or wrong adds nothing to the interval', () => {
    const half = Array.from({ length: 200 }, (_, i) => i % 2 === 0);
    const better = half.map((right, i) => right || i < 40); // 20 of 200 images more
    const { baselines, drawn } = compareRows(
      study([
        cell({ 'prompt.use': 'coop', seed: 1 }, { accuracy: 0.6, macroF1: 0.5 }, better),
        cell({ 'prompt.use': 'none', seed: 1 }, { accuracy: 0.5, macroF1: 0.4 }, half),
      ]),
    )!;
    expect(drawn).toBe('images');
    expect(baselines.map(({ name }) => name)).toEqual(['none', 'coop']); // the one that learns nothing is chosen
    expect(baselines[0]!.differences[1]).toBeUndefined();
    const { accuracy, macroF1 } = baselines[0]!.differences[0]!;
    expect(accuracy!.mean).toBeCloseTo(0.1, 12);
    // By hand: a difference of 1 in 10 % of the images, standard error sqrt(0.1 · 0.9 / 200) = 0.0212.
    // Unpaired it would be sqrt(0.24 / 200 + 0.25 / 200) = 0.0495.
    expect(accuracy!.interval!.low).toBeGreaterThan(0.1 - 1.96 * 0.0212 - 0.008);
    expect(accuracy!.interval!.high).toBeLessThan(0.1 + 1.96 * 0.0212 + 0.008);
    expect(macroF1!.interval).toBeUndefined(); // does not follow from accuracies, and there is one seed
    const reversed = baselines[1]!.differences[1]!['accuracy']!;
    expect(reversed.mean).toBeCloseTo(-0.1, 12);
    expect(reversed.interval!.low).toBeCloseTo(-accuracy!.interval!.high, 12);
  });

  it('draws pairs of seeds where no answers were kept, and compares on the same data only', () => {
    const values = (use: string, shots: number, seed: number) => ({ 'prompt.use': use, 'dataset.shots': shots, seed });
    const { baselines, drawn } = compareRows(
      study([
        cell(values('none', 1, 1), { accuracy: 0.5 }),
        cell(values('coop', 1, 1), { accuracy: 0.6 }),
        cell(values('coop', 1, 2), { accuracy: 0.64 }),
        cell(values('coop', 4, 1), { accuracy: 0.7 }),
        cell(values('maple', 4, 1), { accuracy: 0.75 }),
      ]),
      { 'prompt.use': 'coop' },
    )!;
    expect(drawn).toBe('seeds');
    expect(baselines[0]!.name).toBe('coop');
    const [none, one, four, maple] = baselines[0]!.differences;
    expect([one, four]).toEqual([undefined, undefined]);
    expect(none!['accuracy']!.mean).toBeCloseTo(-0.12, 12);
    expect(none!['accuracy']!.interval!.low).toBeCloseTo(-0.14, 12);
    expect(none!['accuracy']!.interval!.high).toBeCloseTo(-0.1, 12);
    expect(maple!['accuracy']).toEqual({ mean: expect.closeTo(0.05, 12) as number });
  });

  it('is written in points', () => {
    expect(differenceText({ mean: 0.0321, interval: { low: -0.011, high: 0.0534 } })).toBe('+3.2 [−1.1, +5.3]');
    expect(differenceText({ mean: -0.0001 })).toBe('+0.0');
  });
});

describe('axes', () => {
  const values = (use: string, depth: number, accuracy: number) =>
    cell({ prompt: { use, depth }, seed: 1 }, { accuracy });
  const grid = study([values('a', 1, 0.5), values('a', 2, 0.6), values('b', 1, 0.4), values('b', 2, 0.7)]);

  it('are found within parts, and drawn with everything else equal', () => {
    const [curve, ...others] = axisCurves(grid, ['accuracy']);
    expect(others).toEqual([]);
    expect(curve!.axis).toBe('prompt.depth');
    expect(curve!.points.map(({ series, at, mean }) => [series, at, mean])).toEqual([
      ['a', 1, 0.5],
      ['a', 2, 0.6],
      ['b', 1, 0.4],
      ['b', 2, 0.7],
    ]);
  });

  it('are found in named entries of a list, too', () => {
    const named = (name: string, depth: number, shots: number, accuracy: number) => ({
      ...cell({ prompt: { use: 'a', depth }, 'dataset.shots': shots, seed: 1 }, { accuracy }),
      ...{ name, standsFor: ['prompt'] },
    });
    const entries = [named('A1', 1, 1, 0.5), named('A2', 2, 1, 0.6), named('A1', 1, 4, 0.7), named('A2', 2, 4, 0.9)];
    const found = axisCurves(study(entries), ['accuracy']).map(({ axis, points }) => {
      return [axis, ...points.map(({ series, at, mean }) => `${series}: ${at} ${mean}`)];
    });
    expect(found).toEqual([
      ['prompt.depth', '1: 1 0.5', '1: 2 0.6', '4: 1 0.7', '4: 2 0.9'],
      ['dataset.shots', 'A1: 1 0.5', 'A1: 4 0.7', 'A2: 1 0.6', 'A2: 4 0.9'],
    ]);
  });

  it('have effects against the mean of rows that differ in nothing else', () => {
    const flat = (use: string, depth: number, accuracy: number) =>
      cell({ 'prompt.use': use, 'prompt.depth': depth, seed: 1 }, { accuracy });
    const cells = [flat('a', 1, 0.5), flat('a', 2, 0.6), flat('b', 1, 0.4), flat('b', 2, 0.7), flat('c', 1, 0.9)];
    const effects = axisEffects(study(cells), 'accuracy').filter(({ axis }) => axis === 'prompt.depth');
    // c has no second depth, so it says nothing about depth: a ∓ 0.05, b ∓ 0.15
    expect(
      effects.map(({ value, differences }) => [value, differences.map((each) => Number(each.toFixed(6)))]),
    ).toEqual([
      ['1', [-0.05, -0.15]],
      ['2', [0.05, 0.15]],
    ]);
  });
});

describe('the ranges of a sample', () => {
  // 8 points, each value once; the accuracy grows with the rate alone
  const rates = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];
  const lengths = [7, 3, 9, 5, 8, 2, 6, 4];
  const points = (use: string, base: number) =>
    rates.map((rate, i) => {
      const values = { 'prompt.use': use, 'train.learningRate': rate, 'prompt.contextLength': lengths[i], seed: 1 };
      return cell(values, { accuracy: base + i / 100 });
    });
  const sample = study([...points('a', 0.5), ...points('b', 0.7)]);

  it('are drawn as points', async () => {
    const curves = axisCurves(sample, ['accuracy']);
    expect(curves.map(({ axis, sampled, averaged }) => [axis, sampled, averaged])).toEqual([
      ['train.learningRate', true, false],
      ['prompt.contextLength', true, false],
    ]);
    const [first, last] = [curves[0]!.points[0]!, curves[0]!.points.at(-1)!];
    expect([first.series, first.at, first.mean]).toEqual(['a', 0.001, 0.5]);
    expect([last.series, last.at, last.mean]).toEqual(['b', 0.128, expect.closeTo(0.77, 12)]);
    expect(curves[0]!.points).toHaveLength(16);
    const { svg, title } = await axisPicture(curves[0]!);
    expect(title).toContain('points of the sample');
    expect(svg.match(/aria-label="[ab], train\.learningRate/g)).toHaveLength(16);
  });

  it('have effects over four parts, against all points of the same choice', () => {
    const effects = axisEffects(sample, 'accuracy');
    const means = (axis: string) =>
      effects
        .filter((effect) => effect.axis === axis)
        .map(({ value, differences }) => {
          const sum = differences.reduce((total, difference) => total + difference, 0);
          return [value, differences.length, Number((sum / differences.length).toFixed(6))];
        });
    // 8 points from 0 to 0.07, mean 0.035: the parts are 0.005, 0.025, 0.045 and 0.065
    expect(means('train.learningRate')).toEqual([
      ['0.001 to 0.002', 4, -0.03],
      ['0.004 to 0.008', 4, -0.01],
      ['0.016 to 0.032', 4, 0.01],
      ['0.064 to 0.128', 4, 0.03],
    ]);
    // lengths 2 and 3 are those of points 5 and 1, 4 and 5 of 7 and 3, 6 and 7 of 6 and 0, 8 and 9 of 4 and 2
    expect(means('prompt.contextLength')).toEqual([
      ['2 to 3', 4, -0.005],
      ['4 to 5', 4, 0.015],
      ['6 to 7', 4, -0.005],
      ['8 to 9', 4, -0.005],
    ]);
    // a and b meet at every point of the sample
    expect(means('prompt.use')).toEqual([
      ['a', 8, -0.1],
      ['b', 8, 0.1],
    ]);
  });
});

describe('before and after', () => {
  it('counts what became of every image', () => {
    const then = cell({ 'prompt.use': 'none', seed: 1 }, { accuracy: 0.5 }, [true, true, false, false, false]);
    const now = cell({ 'prompt.use': 'maple', seed: 1 }, { accuracy: 0.6 }, [true, false, true, true, false]);
    const [before, after] = study([then, now]).rows;
    const { groups, total } = beforeAfter(before!, after!)!;
    expect(total).toBe(5);
    expect(groups.map(({ name, count, images }) => [name, count, images.length])).toEqual([
      ['wrong before, right after', 2, 2],
      ['right before, wrong after', 1, 1],
      ['wrong before and after', 1, 1],
      ['right before and after', 1, 0],
    ]);
    expect(groups[0]!.images.map(({ id }) => id).sort()).toEqual(['image 2', 'image 3']);
    expect(beforeAfter(before!, before!)).toBeUndefined();
  });
});
