import type * as tf from '@tensorflow/tfjs-core';
import {
  disposeVariables,
  variablesFrom,
  type AffineTuning,
  type BlockLayer,
  type BlockTuning,
  type NamedVariables,
  type NormPlace,
  type PartContext,
  type TowerTuning,
  type TowerTunings,
  type Tuning,
} from '@promptweave/core';
import { blockName, layerNames, learningBlocks, tunableOf, type PlaceOptions, type Tower } from './tower-places.js';

/** Which frozen values of the towers become variables. */
export interface FrozenStart extends PlaceOptions {
  /** What learns of the layer norms within the blocks. */
  readonly norms: readonly ('weight' | 'bias')[];
  /** Whether the layer norms before the first block and after the last one learn, too. */
  readonly outerNorms: boolean;
  /** Linear layers whose biases learn. */
  readonly biases: readonly BlockLayer[];
}

/** Layer norms and biases that start from the frozen ones. */
export class FrozenStartTuning implements Tuning {
  readonly variables: NamedVariables;
  private readonly blocks: Partial<Record<Tower, readonly number[]>>;

  /** @throws ConfigError where a tower does not have a block, or cannot be tuned */
  constructor(
    { backbone }: PartContext,
    private readonly options: FrozenStart,
  ) {
    const tunable = tunableOf(backbone);
    this.blocks = learningBlocks(backbone, options);
    const start: Record<string, tf.Tensor> = {};
    for (const [tower, blocks] of this.towersThatLearn()) {
      for (const [name, place] of this.norms(tower, blocks, tunable.lnPre !== false)) {
        const { weight, bias } = tunable.layerNorm(tower, place);
        for (const [part, values] of Object.entries({ weight, bias })) {
          if (options.norms.includes(part as 'weight' | 'bias')) start[`${name}.${part}`] = values;
          else values.dispose();
        }
      }
      for (const block of blocks) {
        for (const layer of options.biases) start[biasName(tower, block, layer)] = tunable.bias(tower, block, layer);
      }
    }
    this.variables = variablesFrom(start);
  }

  towers(): TowerTunings {
    return Object.fromEntries(this.towersThatLearn().map(([tower, blocks]) => [tower, this.tower(tower, blocks)]));
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private towersThatLearn(): [Tower, readonly number[]][] {
    return Object.entries(this.blocks) as [Tower, readonly number[]][];
  }

  private tower(tower: Tower, blocks: readonly number[]): TowerTuning {
    const { outerNorms, biases } = this.options;
    const ofBlock = (block: number): BlockTuning => ({
      ln1: this.affine(normName(tower, { block, norm: 1 })),
      ln2: this.affine(normName(tower, { block, norm: 2 })),
      biases: Object.fromEntries(
        biases.map((layer) => [layer, this.variables[biasName(tower, block, layer)] as tf.Tensor as tf.Tensor1D]),
      ),
    });
    return {
      blocks: Object.fromEntries(blocks.map((block) => [block, ofBlock(block)])),
      ...(outerNorms && { lnPost: this.affine(normName(tower, 'post')) }),
      ...(outerNorms && tower === 'vision' && { lnPre: this.affine(normName(tower, 'pre')) }),
    };
  }

  private affine(name: string): AffineTuning | undefined {
    const [weight, bias] = ['weight', 'bias'].map((part) => this.variables[`${name}.${part}`]);
    if (!weight && !bias) return undefined;
    return {
      ...(weight && { weight: weight as tf.Tensor as tf.Tensor1D }),
      ...(bias && { bias: bias as tf.Tensor as tf.Tensor1D }),
    };
  }

  private norms(tower: Tower, blocks: readonly number[], lnPre: boolean): [string, NormPlace][] {
    const { norms, outerNorms } = this.options;
    if (norms.length === 0) return [];
    const places: NormPlace[] = blocks.flatMap((block) => [
      { block, norm: 1 },
      { block, norm: 2 },
    ]);
    if (outerNorms) places.push(...(tower === 'vision' && lnPre ? (['pre', 'post'] as const) : (['post'] as const)));
    return places.map((place) => [normName(tower, place), place]);
  }
}

/** Name of a layer norm in OpenAI's state dictionary. */
function normName(tower: Tower, place: NormPlace): string {
  if (typeof place === 'object') return `${blockName(tower, place.block)}.ln_${place.norm}`;
  return tower === 'text' ? 'ln_final' : `visual.ln_${place}`;
}

function biasName(tower: Tower, block: number, layer: BlockLayer): string {
  return `${blockName(tower, block)}.${layerNames[layer]}.bias`;
}
