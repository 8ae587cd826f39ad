import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  disposeVariables,
  linear,
  seededNormal,
  variablesFrom,
  type BackboneShape,
  type BlockTuning,
  type Branch,
  type NamedVariables,
  type PartContext,
  type TowerTuning,
  type TowerTunings,
  type Tuning,
} from '@promptweave/core';
import type { mmaOptions } from './options.js';
import { scaleGradient } from './scale-gradient.js';

type Tower = 'text' | 'vision';

const prefixes = { text: 'text_adapter', vision: 'visual_adapter' } as const;

/**
 * MMA (CVPR 2024): y = up(relu(shared(relu(down(ln_1 x))))) of a block's input x, of which s y is added to the block's output. The shared
 * layer is one for both towers.
 */
export class MmaTuning implements Tuning {
  readonly variables: NamedVariables;
  private readonly indices: readonly number[];
  private readonly shape: BackboneShape;

  /** @throws ConfigError where an index is beyond a tower */
  constructor(
    { backbone, seed }: PartContext,
    private readonly options: z.output<typeof mmaOptions>,
  ) {
    const { start, end, dim } = options;
    if (end < start) {
      throw new ConfigError(`The last index, ${end}, is smaller than the first, ${start}.`, {
        where: 'tuning.end',
        remedy: `Set tuning.end to ${start} or more.`,
      });
    }
    this.shape = backbone.shape;
    this.indices = Array.from({ length: end - start + 1 }, (_, i) => start + i);
    this.checkIndices();
    if (!backbone.tunable) {
      throw new ConfigError(`The towers of the backbone "${backbone.name}" cannot be tuned.`, {
        where: 'tuning',
        remedy: 'Take tuning: none, or another backbone.',
      });
    }
    const values: Record<string, tf.Tensor> = {};
    /** Kaiming's normal start for a ReLU, by the number of outputs; biases are 0. */
    const layer = (name: string, inputs: number, outputs: number): void => {
      values[`${name}.weight`] = seededNormal([outputs, inputs], Math.sqrt(2 / outputs), seed, name);
      values[`${name}.bias`] = tf.zeros([outputs]);
    };
    for (const i of this.indices) {
      for (const tower of ['text', 'vision'] as const) {
        const { width } = backbone.shape[tower];
        layer(`${prefixes[tower]}.${i}.down.0`, width, dim);
        layer(`${prefixes[tower]}.${i}.up`, dim, width);
      }
      layer(`shared_adapter.${i}.0`, dim, dim);
    }
    this.variables = variablesFrom(values);
  }

  towers(): TowerTunings {
    return { text: this.tower('text'), vision: this.tower('vision') };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private tower(tower: Tower): TowerTuning {
    const ofBlocks = this.indices.filter((i) => i > 0);
    const blocks: Record<number, BlockTuning> = {};
    for (const i of ofBlocks) blocks[this.blockOf(tower, i)] = { adapter: this.branch(tower, i, true) };
    return { blocks, ...(this.indices[0] === 0 && { input: this.branch(tower, 0, false) }) };
  }

  /** Number of the block, from 0. */
  private blockOf(tower: Tower, index: number): number {
    const [text, vision] = [this.shape.text.layers, this.shape.vision.layers];
    if (tower === 'text' || this.options.depths === 'same index') return index - 1;
    if (this.options.depths === 'from the end') return index - 1 + vision - text;
    return Math.round((index * vision) / text) - 1;
  }

  private branch(tower: Tower, index: number, inBlock: boolean): Branch {
    const { scale, gradients } = this.options;
    const rescales = inBlock && gradients === 'rescaled';
    const names = [`${prefixes[tower]}.${index}.down.0`, `shared_adapter.${index}.0`, `${prefixes[tower]}.${index}.up`];
    return {
      variables: names.flatMap((name) => [this.variables[`${name}.weight`]!, this.variables[`${name}.bias`]!]),
      apply: (x, variables) => {
        const apply = (rows: tf.Tensor2D, layer: number): tf.Tensor2D =>
          linear(rows, variables[2 * layer] as tf.Tensor2D, variables[2 * layer + 1] as tf.Tensor1D);
        const seen = rescales ? scaleGradient(x, scale) : x;
        const y = apply(tf.relu(apply(tf.relu(apply(seen, 0)), 1)), 2);
        return tf.mul(rescales ? scaleGradient(y, 1 / scale) : y, scale);
      },
    };
  }

  private checkIndices(): void {
    const { start, end } = this.options;
    for (const tower of ['text', 'vision'] as const) {
      const { layers } = this.shape[tower];
      const used = new Map<number, number>();
      for (const index of this.indices.filter((i) => i > 0)) {
        const block = this.blockOf(tower, index);
        if (block >= layers || block < 0) {
          throw new ConfigError(
            `Adapter index ${index} belongs to block ${block + 1} of the ${tower} tower, which has ${layers} (counted from 1).`,
            {
              where: block < 0 ? 'tuning.start' : 'tuning.end',
              remedy: `Choose indices from ${start} to ${end} otherwise, or other tuning.depths.`,
            },
          );
        }
        const other = used.get(block);
        if (other !== undefined) {
          throw new ConfigError(`Adapter indices ${other} and ${index} belong to one block of the ${tower} tower.`, {
            where: 'tuning.depths',
            remedy: 'Take `same index` or `from the end`.',
          });
        }
        used.set(block, index);
      }
    }
  }
}
