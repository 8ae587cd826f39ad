import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  disposeVariables,
  dropout,
  hashSeed,
  seededUniform,
  stopGradient,
  variablesFrom,
  type Backbone,
  type BlockLayer,
  type BlockTuning,
  type Branch,
  type NamedVariables,
  type PartContext,
  type TowerTuning,
  type TowerTunings,
  type Tuning,
} from '@promptweave/core';
import type { loraOptions } from './options.js';
import { blockName, layerNames, learningBlocks, tunableOf, type Tower } from './tower-places.js';

/** CLIP-LoRA (arXiv 2405.18541): s B A x is added to what linear layers make of x; A starts uniform, B from 0. */
export class LoraTuning implements Tuning {
  readonly variables: NamedVariables;
  private readonly blocks: Partial<Record<Tower, readonly number[]>>;
  private readonly scale: number;

  /** @throws ConfigError where a tower does not have a block, or cannot be tuned */
  constructor(
    { backbone, seed }: PartContext,
    private readonly options: z.output<typeof loraOptions>,
  ) {
    const { rank, alpha, scaling, layers } = options;
    this.scale = alpha / (scaling === 'root' ? Math.sqrt(rank) : rank);
    this.blocks = learningBlocks(backbone, options);
    const start: Record<string, tf.Tensor> = {};
    for (const [tower, blocks] of Object.entries(this.blocks) as [Tower, readonly number[]][]) {
      for (const block of blocks) {
        for (const layer of layers) {
          const { inputs, outputs } = layerSize(backbone, tower, block, layer);
          const [a, b] = names(tower, block, layer);
          start[a] = seededUniform([rank, inputs], 1 / Math.sqrt(inputs), seed, a);
          start[b] = tf.zeros([outputs, rank]);
        }
      }
    }
    this.variables = variablesFrom(start);
  }

  towers(seed?: number): TowerTunings {
    const ofTower = (tower: Tower): TowerTuning | undefined => {
      const blocks = this.blocks[tower];
      return (
        blocks && { blocks: Object.fromEntries(blocks.map((block) => [block, this.blockTuning(tower, block, seed)])) }
      );
    };
    return { text: ofTower('text'), vision: ofTower('vision') };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private blockTuning(tower: Tower, block: number, seed: number | undefined): BlockTuning {
    const branches = this.options.layers.map((layer) => [layer, this.branch(tower, block, layer, seed)] as const);
    return { branches: Object.fromEntries(branches) };
  }

  private branch(tower: Tower, block: number, layer: BlockLayer, seed: number | undefined): Branch {
    const { dropout: rate, inputGradient } = this.options;
    const [a, b] = names(tower, block, layer);
    const key = rate > 0 && seed !== undefined ? hashSeed(seed, a) : undefined;
    return {
      variables: [this.variables[a]!, this.variables[b]!],
      lowRank: {
        scale: this.scale,
        dropout: key === undefined ? undefined : { rate, key },
        inputGradient: inputGradient !== 'frozen',
      },
      apply: (x, variables, rows) => {
        const [down, up] = variables as [tf.Tensor2D, tf.Tensor2D];
        const read = inputGradient === 'frozen' ? stopGradient(x) : x;
        const seen = key === undefined ? read : dropout(read, rows, rate, key);
        const low: tf.Tensor2D = tf.mul(tf.matMul(seen, down, false, true), this.scale); // [N, r]
        return tf.matMul(low, up, false, true);
      },
    };
  }
}

/** Names of A [r, in] and B [out, r] in the released files. */
function names(tower: Tower, block: number, layer: BlockLayer): [a: string, b: string] {
  const name = `${blockName(tower, block)}.${layerNames[layer]}`;
  return [`${name}.w_lora_A`, `${name}.w_lora_B`];
}

/** The size of a layer, read off the frozen biases. */
function layerSize(backbone: Backbone, tower: Tower, block: number, layer: BlockLayer) {
  const tunable = tunableOf(backbone);
  const sizeOf = (one: BlockLayer): number => tf.tidy(() => tunable.bias(tower, block, one).shape[0]);
  return { inputs: layer === 'down' ? sizeOf('up') : backbone.shape[tower].width, outputs: sizeOf(layer) };
}
