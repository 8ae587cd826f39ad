import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  dropout,
  seededNormal,
  stopGradient,
  type BlockLayer,
  type BlockTuning,
  type Branch,
  type TowerTuning,
} from '@promptweave/core';

const LAYERS: readonly BlockLayer[] = ['q', 'k', 'v', 'o', 'up', 'down'];
/** Width between the two matrices of a branch. */
const RANK = 2;

/** What is learned of a layer norm. */
type NormChoice = 'weight' | 'bias' | 'both' | undefined;

interface BlockChoice {
  readonly ln1: NormChoice;
  readonly ln2: NormChoice;
  readonly biases: readonly BlockLayer[];
  readonly branches: readonly BlockLayer[];
  readonly adapter: boolean;
  /** What the branches of layers are, if they are of low rank. */
  readonly lowRank?: LowRankChoice;
}

interface LowRankChoice {
  readonly rank: number;
  readonly rate: number;
  readonly inputGradient: boolean;
}

/** Which parts of a tower are tuned. */
export interface TuningChoice {
  readonly blocks: Readonly<Record<number, BlockChoice>>;
  readonly input: boolean;
  readonly lnPre: NormChoice;
  readonly lnPost: NormChoice;
}

const norm = fc.constantFrom<NormChoice>(undefined, undefined, 'weight', 'bias', 'both');
const layers = fc.oneof(fc.constant([]), fc.subarray([...LAYERS], { maxLength: 3 }));
const lowRank: fc.Arbitrary<LowRankChoice> = fc.record({
  rank: fc.integer({ min: 1, max: 3 }),
  rate: fc.constantFrom(0, 0.25, 0.6),
  inputGradient: fc.boolean(),
});
const anything = {
  ln1: norm,
  ln2: norm,
  biases: layers,
  branches: layers,
  adapter: fc.boolean(),
  lowRank: fc.option(lowRank, { nil: undefined }),
};
const lora = {
  ...anything,
  ln1: fc.constant(undefined),
  branches: fc.subarray([...LAYERS], { minLength: 1 }),
  adapter: fc.constant(false),
  lowRank,
};
const blockChoice: fc.Arbitrary<BlockChoice> = fc.oneof(fc.record(anything), fc.record(lora));

/** Any tuning of a tower of so many blocks. */
export function tuningChoice(blocks: number, pre: boolean): fc.Arbitrary<TuningChoice> {
  return fc.record({
    blocks: fc
      .array(fc.option(blockChoice, { nil: undefined }), { minLength: blocks, maxLength: blocks })
      .map((all) => Object.fromEntries(all.flatMap((one, i) => (one ? [[i, one] as const] : [])))),
    input: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    lnPre: pre ? norm : fc.constant(undefined),
    lnPost: norm,
  });
}

/** A tuning with seeded values, put together from a list of tensors. */
export interface RandomTuning {
  /** Start values. Call within `tf.tidy`. */
  draw(): tf.Tensor[];
  /** The tuning whose tensors are taken off the front of the list. */
  build(tensors: tf.Tensor[]): TowerTuning;
}

/** @param width of the tower */
export function randomTuning(choice: TuningChoice, width: number, seed: number): RandomTuning {
  /** Walks through the choice; `take` gives the next tensor of a shape. */
  const walk = (take: (shape: number[], mean: number) => tf.Tensor): TowerTuning => {
    const ofNorm = (chosen: NormChoice) => {
      if (!chosen) return undefined;
      return {
        ...(chosen !== 'bias' && { weight: take([width], 1) as tf.Tensor1D }),
        ...(chosen !== 'weight' && { bias: take([width], 0) as tf.Tensor1D }),
      };
    };
    const branch = (input: number, output: number): Branch => ({
      variables: [take([input, RANK], 0), take([RANK, output], 0)],
      apply: randomBranch,
    });
    const outputOf = (layer: BlockLayer): number => (layer === 'up' ? 4 * width : width);
    const inputOf = (layer: BlockLayer): number => (layer === 'down' ? 4 * width : width);
    const lowRankBranch = (layer: BlockLayer, { rank, rate, inputGradient }: LowRankChoice): Branch => {
      const key = LAYERS.indexOf(layer) * 0x1234567 - 5;
      return {
        variables: [take([rank, inputOf(layer)], 0), take([outputOf(layer), rank], 0)],
        lowRank: { scale: 0.7, dropout: rate > 0 ? { rate, key } : undefined, inputGradient },
        apply: (x, [a, b], rows) => {
          const read = inputGradient ? x : stopGradient(x);
          const low = tf.matMul(rate > 0 ? dropout(read, rows, rate, key) : read, a as tf.Tensor2D, false, true);
          return tf.matMul(tf.mul<tf.Tensor2D>(low, 0.7), b as tf.Tensor2D, false, true);
        },
      };
    };
    const ofLayer = (layer: BlockLayer, chosen: LowRankChoice | undefined): Branch =>
      chosen ? lowRankBranch(layer, chosen) : branch(inputOf(layer), outputOf(layer));
    const ofBlock = ({ ln1, ln2, biases, branches, adapter, lowRank: chosen }: BlockChoice): BlockTuning => ({
      ln1: ofNorm(ln1),
      ln2: ofNorm(ln2),
      biases: Object.fromEntries(biases.map((layer) => [layer, take([outputOf(layer)], 0) as tf.Tensor1D])),
      branches: Object.fromEntries(branches.map((layer) => [layer, ofLayer(layer, chosen)])),
      adapter: adapter ? branch(width, width) : undefined,
    });
    return {
      blocks: Object.fromEntries(Object.entries(choice.blocks).map(([i, block]) => [i, ofBlock(block)])),
      input: choice.input ? branch(width, width) : undefined,
      lnPre: ofNorm(choice.lnPre),
      lnPost: ofNorm(choice.lnPost),
    };
  };
  return {
    draw: () => {
      const drawn: tf.Tensor[] = [];
      walk((shape, mean) => {
        const tensor = tf.add(seededNormal(shape, 0.3, seed, `tuned ${drawn.length}`), mean);
        drawn.push(tensor);
        return tensor;
      });
      return drawn;
    },
    build: (tensors) => walk(() => tensors.shift()!),
  };
}

/** A function of each row that is not linear, and that depends on the row's number. */
function randomBranch(x: tf.Tensor2D, [a, b]: readonly tf.Tensor[], rows: Int32Array): tf.Tensor2D {
  const factors = tf.tensor2d(
    [...rows].map((row) => (row === -1 ? 1 : 1 + Math.sin(row))),
    [rows.length, 1],
  );
  return tf.matMul(tf.tanh(tf.matMul(tf.mul<tf.Tensor2D>(x, factors), a as tf.Tensor2D)), b as tf.Tensor2D);
}
