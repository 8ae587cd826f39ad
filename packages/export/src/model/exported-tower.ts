import {
  ConfigError,
  hostTensor,
  type AffineTuning,
  type Backbone,
  type BlockLayer,
  type BlockTuning,
  type Branch,
  type HostTensor,
  type TowerTuning,
} from '@promptweave/core';
import type { Program } from '@promptweave/web';
import type * as tf from '@tensorflow/tfjs-core';
import { branchMatrix, rowNumbers } from './branch-matrix.js';
import { trace } from './trace.js';

/** The image tower with what a tuning changed merged into it, and what is no matrix written down beside it. */
export interface ExportedTower {
  readonly activation: 'quick-gelu' | 'gelu';
  readonly tensors: Map<string, HostTensor>;
  readonly programs: Readonly<Record<string, Program>>;
}

/** Where a layer's weights stand: the tensor, and which third of its rows. */
const LAYERS: Readonly<Record<BlockLayer, { readonly name: string; readonly third?: number }>> = {
  q: { name: 'attn.in_proj_', third: 0 },
  k: { name: 'attn.in_proj_', third: 1 },
  v: { name: 'attn.in_proj_', third: 2 },
  o: { name: 'attn.out_proj.' },
  up: { name: 'mlp.c_fc.' },
  down: { name: 'mlp.c_proj.' },
};

/**
 * Call within `tf.tidy`.
 * @param tuning of the vision tower
 * @throws ConfigError where the backbone's tower is none of CLIP's, or a tuning computes what a file cannot hold
 */
export function exportedTower(backbone: Backbone, tuning?: TowerTuning): ExportedTower {
  const published = backbone.publishedVision?.();
  if (!published) {
    throw new ConfigError(`The vision tower of the backbone "${backbone.name}" cannot leave promptweave.`, {
      where: 'backbone',
      remedy: "Take a backbone with one of CLIP's vision transformers, or serve the run: promptweave serve RUN.",
    });
  }
  const tensors = new Map(published.tensors);
  const programs: Record<string, Program> = {};
  const change = (name: string, apply: (values: Float32Array) => void): void => {
    const { shape, data } = tensors.get(name)!;
    const values = Float32Array.from(data());
    apply(values);
    tensors.set(name, hostTensor(values, shape));
  };
  const norm = (name: string, { weight, bias }: AffineTuning = {}): void => {
    if (weight) change(`${name}.weight`, (values) => values.set(weight.dataSync()));
    if (bias) change(`${name}.bias`, (values) => values.set(bias.dataSync()));
  };
  const writeDown = (place: string, branch: Branch, width: number): void => {
    const { program, constants } = trace({
      ...{ what: `What is learned at ${place} of the vision tower`, prefix: `programs.${place}` },
      inputs: { rows: [width] },
      compute: ({ rows }) => branch.apply(rows as tf.Tensor2D, branch.variables, rowNumbers(rows!.shape[0]!)),
    });
    programs[place] = program;
    for (const [name, tensor] of constants) tensors.set(name, tensor);
  };
  const block = (index: number, { ln1, ln2, biases = {}, branches = {}, adapter }: BlockTuning): void => {
    const name = `visual.transformer.resblocks.${index}`;
    norm(`${name}.ln_1`, ln1);
    norm(`${name}.ln_2`, ln2);
    for (const [layer, { name: of, third = 0 }] of Object.entries(LAYERS) as [BlockLayer, (typeof LAYERS)['q']][]) {
      const bias = biases[layer];
      if (bias) change(`${name}.${of}bias`, (values) => values.set(bias.dataSync(), third * bias.shape[0]));
      const branch = branches[layer];
      if (!branch) continue;
      const inputs = tensors.get(`${name}.${of}weight`)!.shape[1]!;
      const matrix = branchMatrix(branch, inputs);
      if (!matrix) {
        writeDown(`blocks.${index}.${layer}`, branch, inputs);
        continue;
      }
      const add = (more: Float32Array) => (values: Float32Array) => {
        for (let i = 0, at = third * more.length; i < more.length; i++, at++) values[at] = values[at]! + more[i]!;
      };
      change(`${name}.${of}weight`, add(matrix.weight));
      change(`${name}.${of}bias`, add(matrix.bias));
    }
    if (adapter) writeDown(`blocks.${index}.adapter`, adapter, backbone.shape.vision.width);
  };
  if (tuning) {
    norm('visual.ln_pre', tuning.lnPre);
    norm('visual.ln_post', tuning.lnPost);
    if (tuning.input) writeDown('input', tuning.input, backbone.shape.vision.width);
    for (const [index, ofBlock] of Object.entries(tuning.blocks)) block(Number(index), ofBlock);
  }
  return { activation: published.activation, tensors, programs };
}
