import type { AffineTuning, BlockLayer, BlockTuning, Branch, TowerTuning } from '@promptweave/core';
import type * as tf from '@tensorflow/tfjs-core';

type Change = (tensor: tf.Tensor) => tf.Tensor;

const LAYERS: readonly BlockLayer[] = ['q', 'k', 'v', 'o', 'up', 'down'];

/** The learned tensors of a block in a fixed order, as often as they occur. */
export function tensorsOfBlock(tuning: BlockTuning): tf.Tensor[] {
  return collected((change) => changeBlock(tuning, change));
}

/** The same tuning with other tensors, in the order of {@link tensorsOfBlock}. */
export function blockWith(tuning: BlockTuning, tensors: readonly tf.Tensor[]): BlockTuning {
  return changeBlock(tuning, inTurn(tensors));
}

/** The learned tensors of a tower, those of the given blocks alone. */
export function tensorsOfTower(tuning: TowerTuning, blocks: readonly number[]): tf.Tensor[] {
  return collected((change) => changeTower(tuning, blocks, change));
}

/** The same tuning, as far as it belongs to the given blocks, with other tensors in the order of {@link tensorsOfTower}. */
export function towerWith(tuning: TowerTuning, blocks: readonly number[], tensors: readonly tf.Tensor[]): TowerTuning {
  return changeTower(tuning, blocks, inTurn(tensors));
}

function collected(visit: (change: Change) => unknown): tf.Tensor[] {
  const found: tf.Tensor[] = [];
  visit((tensor) => (found.push(tensor), tensor));
  return found;
}

function inTurn(tensors: readonly tf.Tensor[]): Change {
  let next = 0;
  return () => tensors[next++]!;
}

function changeTower(tuning: TowerTuning, blocks: readonly number[], change: Change): TowerTuning {
  const changed: Record<number, BlockTuning> = {};
  for (const index of new Set(blocks)) {
    const block = tuning.blocks[index];
    if (block) changed[index] = changeBlock(block, change);
  }
  return {
    blocks: changed,
    input: changeBranch(tuning.input, change),
    lnPre: changeNorm(tuning.lnPre, change),
    lnPost: changeNorm(tuning.lnPost, change),
  };
}

function changeBlock({ ln1, ln2, biases = {}, branches = {}, adapter }: BlockTuning, change: Change): BlockTuning {
  const changedBiases: Partial<Record<BlockLayer, tf.Tensor1D>> = {};
  const changedBranches: Partial<Record<BlockLayer, Branch>> = {};
  for (const layer of LAYERS) {
    if (biases[layer]) changedBiases[layer] = change(biases[layer]) as tf.Tensor1D;
    if (branches[layer]) changedBranches[layer] = changeBranch(branches[layer], change);
  }
  return {
    ln1: changeNorm(ln1, change),
    ln2: changeNorm(ln2, change),
    biases: changedBiases,
    branches: changedBranches,
    adapter: changeBranch(adapter, change),
  };
}

function changeNorm(norm: AffineTuning | undefined, change: Change): AffineTuning | undefined {
  if (!norm) return undefined;
  return {
    weight: norm.weight && (change(norm.weight) as tf.Tensor1D),
    bias: norm.bias && (change(norm.bias) as tf.Tensor1D),
  };
}

function changeBranch(branch: Branch | undefined, change: Change): Branch | undefined {
  if (!branch) return undefined;
  return {
    apply: (x, variables, rows) => branch.apply(x, variables, rows),
    variables: branch.variables.map(change),
    lowRank: branch.lowRank,
  };
}
