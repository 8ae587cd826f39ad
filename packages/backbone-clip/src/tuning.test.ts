import * as tf from '@tensorflow/tfjs-core';
import { seededNormal, type PromptedText, type Prompts, type TowerTuning } from '@promptweave/core';
import { afterAll, describe, expect, it } from 'vitest';
import { insertedId } from './row-ids.js';
import { randomClip } from './random-clip.js';
import { randomTuning, type TuningChoice } from './random-tuning.test.support.js';

const options = {
  seed: 4,
  vision: { width: 12, layers: 3, heads: 2, imageSize: 8, patchSize: 4 },
  text: { width: 12, layers: 3, heads: 2, contextLength: 14 },
  embedding: 6,
  vocabulary: 60,
};
const plain = randomClip(options, { fast: false, recompute: false });
const fast = randomClip(options);
afterAll(() => [plain, fast].forEach((clip) => clip.dispose()));

const layers = ['q', 'k', 'v', 'o', 'up', 'down'] as const;
const everything: TuningChoice = {
  blocks: { 1: { ln1: 'both', ln2: 'both', biases: layers, branches: layers, adapter: true } },
  ...{ input: true, lnPre: 'both', lnPost: 'both' },
};
const ofVision = randomTuning(everything, 12, 5);
const ofText = randomTuning({ ...everything, lnPre: undefined }, 12, 5);

const rows = (name: string, ...shape: number[]): tf.Tensor => seededNormal(shape, 0.5, 6, name);
const images = (): tf.Tensor4D => seededNormal([2, 3, 8, 8], 1, 7, 'images') as tf.Tensor4D;
const text = (more: Partial<PromptedText> = {}): PromptedText => ({
  ...{ prefix: rows('prefix', 3, 12) as tf.Tensor2D, branches: rows('branches', 5, 12) as tf.Tensor2D },
  ...{ lengths: [2, 3], deep: [], roles: [4, 5].map((end) => ({ name: [], end })) },
  ...more,
});

const TOGETHER = 4;

/** The derivative along a random direction, by the tape and by central differences. */
function alongRandom(inputs: readonly tf.Tensor[], compute: (inputs: tf.Tensor[]) => tf.Tensor): [number, number][] {
  const loss = (given: tf.Tensor[]): tf.Tensor => {
    const value = compute(given);
    return tf.sum(tf.mul(value, rows('weights', ...value.shape)));
  };
  const gradients = tf.grads((...given) => loss(given))([...inputs]);
  // A few tensors move together: fewer passes, and a mistake in any of them shows.
  const groups = Array.from({ length: Math.ceil(inputs.length / TOGETHER) }, (_, i) => i);
  const directions = inputs.map((input, i) => rows(`direction ${i}`, ...input.shape));
  return groups.map((group) => {
    const isIn = (i: number): boolean => Math.floor(i / TOGETHER) === group;
    const at = (step: number): number => {
      const moved = inputs.map((input, i) => (isIn(i) ? tf.add(input, tf.mul(directions[i]!, step)) : input));
      return loss(moved).dataSync()[0]!;
    };
    const slopes = inputs.flatMap((_, i) =>
      isIn(i) ? [tf.sum(tf.mul(gradients[i]!, directions[i]!)).dataSync()[0]!] : [],
    );
    return [slopes.reduce((sum, slope) => sum + slope, 0), (at(0.005) - at(-0.005)) / 0.01];
  });
}

function expectSameSlopes(pairs: readonly [number, number][]): void {
  const size = Math.max(...pairs.map(([slope]) => Math.abs(slope)));
  for (const [slope, difference] of pairs) expect(Math.abs(slope - difference)).toBeLessThan(0.02 * size);
}

describe('gradients of the plain path are differences of its values', () => {
  it('in the text tower, with rows of classes and inserted rows', () =>
    tf.tidy(() => {
      const entering = [rows('of classes', 2, 2, 12), rows('inserted 0', 2, 12), rows('inserted 1', 2, 12)];
      const drawn = ofText.draw();
      const pairs = alongRandom([...entering, ...drawn], ([ofClasses, first, second, ...tuned]) => {
        const prompted = text({
          ofClasses: { block: 1, rows: ofClasses as tf.Tensor3D },
          inserted: { block: 1, rows: [first as tf.Tensor2D, second as tf.Tensor2D] },
        });
        return plain.encodeText(prompted, { tuning: ofText.build(tuned) }).features;
      });
      expect(pairs.length).toBeGreaterThan(6);
      expectSameSlopes(pairs);
    }));

  it('in the vision tower, with inserted rows', () =>
    tf.tidy(() => {
      const pairs = alongRandom([rows('inserted', 2, 12), ...ofVision.draw()], ([inserted, ...tuned]) => {
        const promptRows: tf.Tensor3D[] = [];
        const prompts = { deep: [], inserted: { block: 1, rows: [inserted as tf.Tensor2D] } };
        const features = plain.encodeImages(images(), prompts, { tuning: ofVision.build(tuned), promptRows });
        return tf.concat([tf.reshape(features, [-1]), tf.reshape(promptRows[0]!, [-1])]);
      });
      expectSameSlopes(pairs);
    }));
});

describe.each([
  ['plain', () => plain],
  ['fast', () => fast],
])('%s: what is frozen', (_, clip) => {
  it('can be put in its own place, and changes nothing', () =>
    tf.tidy(() => {
      const { tunable } = clip();
      const blocks = Object.fromEntries(
        [0, 1, 2].map((block) => {
          const biases = (tower: 'text' | 'vision') =>
            Object.fromEntries(layers.map((layer) => [layer, tunable.bias(tower, block, layer)]));
          const norm = (tower: 'text' | 'vision', number: 1 | 2) => tunable.layerNorm(tower, { block, norm: number });
          const of = (tower: 'text' | 'vision') => ({
            ln1: norm(tower, 1),
            ln2: norm(tower, 2),
            biases: biases(tower),
          });
          return [block, of] as const;
        }),
      );
      const tower = (name: 'text' | 'vision'): TowerTuning => ({
        blocks: Object.fromEntries(Object.entries(blocks).map(([i, of]) => [i, of(name)])),
        lnPost: tunable.layerNorm(name, 'post'),
        ...(name === 'vision' && { lnPre: tunable.layerNorm(name, 'pre') }),
      });
      const difference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
      const own = clip().encodeImages(images(), undefined, { tuning: tower('vision') });
      expect(difference(own, clip().encodeImages(images()))).toBeLessThan(1e-5);
      const tuned = clip().encodeText(text(), { tuning: tower('text') }).features;
      expect(difference(tuned, clip().encodeText(text()).features)).toBeLessThan(1e-5);
    }));

  it('projects the final rows of both towers into the features', () =>
    tf.tidy(() => {
      const { tunable } = clip();
      const features = (tower: 'text' | 'vision', rows: tf.Tensor2D): tf.Tensor2D => {
        const { weight, bias } = tunable.layerNorm(tower, 'post');
        const { mean, variance } = tf.moments(rows, -1, true);
        const normed = tf.div(tf.sub(rows, mean), tf.sqrt(tf.add(variance, 1e-5)));
        return tf.matMul(tf.add(tf.mul(normed, weight), bias), tunable.projection(tower));
      };
      const difference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
      const trace: tf.Tensor3D[] = [];
      const ofImages = clip().encodeImages(images(), undefined, { trace });
      const classTokens = tf.squeeze<tf.Tensor2D>(tf.slice(trace.at(-1)!, [0, 0, 0], [-1, 1, -1]), [1]);
      expect(difference(features('vision', classTokens), ofImages)).toBeLessThan(1e-5);
      const encoding = clip().encodeText(text(), { keepLast: 1 });
      const ends = encoding.rows(0, [
        { class: 0, position: 4 },
        { class: 1, position: 5 },
      ]);
      expect(difference(features('text', ends), encoding.features)).toBeLessThan(1e-5);
    }));

  it('is given as tensors of the caller', () => {
    const { tunable } = clip();
    const before = tf.memory().numTensors;
    const biases = layers.map((layer) => tunable.bias('text', 0, layer));
    const { weight, bias } = tunable.layerNorm('vision', 'pre');
    const projection = tunable.projection('text');
    expect(tf.memory().numTensors - before).toBe(9);
    tf.dispose([biases, weight, bias, projection] as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is not given for a block or a layer norm that is not there', () => {
    const { tunable } = clip();
    expect(() => tunable.bias('text', 3, 'q')).toThrow('The text tower has 3 blocks, 0 to 2; there is no block 3.');
    expect(() => tunable.layerNorm('text', 'pre')).toThrow('no layer norm before its first block');
  });
});

it('branches are told the same row numbers on both paths, with classes in chunks, padded, and inserted rows', () => {
  const seen = [plain, fast, randomClip(options, { fast: true, recompute: false, classChunk: 1 })].map((clip, i) => {
    const found = new Map<number, Set<number>>();
    const numbers = new Set<number>();
    const branch = {
      variables: [],
      apply: (x: tf.Tensor2D, __: unknown, ids: Int32Array) => {
        expect(ids).toHaveLength(x.shape[0]);
        const first = tf.slice(x, [0, 0], [-1, 1]).dataSync();
        ids.forEach((id, row) => {
          numbers.add(id);
          found.set(id, (found.get(id) ?? new Set()).add(Math.round(first[row]! * 1e4)));
        });
        return tf.zerosLike(x);
      },
    };
    tf.tidy(() => {
      const inserted = { block: 2, rows: [rows('inserted', 2, 12) as tf.Tensor2D] };
      const only: TowerTuning = { blocks: { 2: { adapter: branch } } };
      clip.encodeText(text({ inserted }), { tuning: only, keepLast: 1 });
    });
    if (i === 2) clip.dispose();
    return { numbers, found };
  });
  const every = [...Array(8).keys(), insertedId(0), insertedId(1)];
  for (const { numbers, found } of seen) {
    expect([...numbers].filter((id) => id !== -1).sort((a, b) => a - b)).toEqual([...every].sort((a, b) => a - b));
    for (const id of every)
      expect(
        Math.min(...[...found.get(id)!].map((value) => Math.abs(value - [...seen[0]!.found.get(id)!][0]!))),
      ).toBeLessThan(2);
  }
});

it('nothing is kept of the blocks below what is learned', () => {
  const bytesKept = (prompts: Prompts, constant: boolean): number =>
    tf.tidy(() => {
      let most = 0;
      const inserted = { block: 2, rows: [rows('inserted', 1, 12) as tf.Tensor2D] };
      tf.grads((learned) => {
        const own = { ...inserted, rows: [learned as tf.Tensor2D] };
        const texts = fast.encodeText(text({ inserted: own }), { constantRows: constant }).features;
        const ofImages = fast.encodeImages(images(), { ...prompts, inserted: own });
        most = tf.memory().numTensors;
        return tf.add(tf.sum(texts), tf.sum(ofImages));
      })([inserted.rows[0]!]);
      return most;
    });
  expect(bytesKept({ deep: [] }, true)).toBeLessThan(bytesKept({ deep: [] }, false) - 10);
});

describe('refused are', () => {
  const late = (block: number): TowerTuning => ({ blocks: { [block]: {} } });
  const two = () => [rows('a', 1, 12) as tf.Tensor2D, rows('b', 1, 12) as tf.Tensor2D];
  it.each<[string, () => unknown, string, string]>([
    ['a tuned block beyond the text tower', () => fast.encodeText(text(), { tuning: late(3) }), 'tuning', 'Block 3'],
    [
      'a tuned block beyond the vision tower',
      () => fast.encodeImages(images(), undefined, { tuning: late(-1) }),
      'tuning',
      'Block -1',
    ],
    [
      'a layer norm that the text tower has not',
      () => fast.encodeText(text(), { tuning: { blocks: {}, lnPre: {} } }),
      'tuning',
      'no layer norm before its first block',
    ],
    [
      'rows of classes beyond the tower',
      () => plain.encodeText(text({ ofClasses: { block: 3, rows: rows('c', 2, 2, 12) as tf.Tensor3D } })),
      'prompt',
      'Block 3',
    ],
    [
      'rows of classes before it',
      () => fast.encodeText(text({ ofClasses: { block: 0, rows: rows('c', 2, 2, 12) as tf.Tensor3D } })),
      'prompt',
      'Block 0',
    ],
    [
      'rows of other classes',
      () => fast.encodeText(text({ ofClasses: { block: 1, rows: rows('c', 3, 2, 12) as tf.Tensor3D } })),
      'prompt',
      '[3, 2, 12], for 2 classes',
    ],
    [
      'inserted rows beyond the text tower',
      () => fast.encodeText(text({ inserted: { block: 2, rows: two() } })),
      'prompt',
      'Block 3',
    ],
    [
      'inserted rows beyond the vision tower',
      () => plain.encodeImages(images(), { deep: [], inserted: { block: 2, rows: two() } }),
      'prompt',
      'Block 3',
    ],
    [
      'no rows to insert',
      () => plain.encodeImages(images(), { deep: [], inserted: { block: 1, rows: [] } }),
      'prompt',
      'No rows',
    ],
  ])('%s', (_, run, where, message) =>
    tf.tidy(() => {
      let error: unknown;
      try {
        run();
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ name: 'ConfigError', where });
      expect(String(error)).toContain(message);
    }),
  );
});
