import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { fixtureBackbone, readTorchStateDict } from '@promptweave/backbone-clip';
import { openRecordedRun, type RecordedRun } from '@promptweave/bench';
import { CheckpointError, type HostTensor, type StateDict } from '@promptweave/core';
import { assignVariables, defaultPlugins, loadPlugins, type Registry } from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { learnedPart } from './authors-file.js';
import type { LoraPlaces } from './clip-lora-file.js';
import { SavedTensor, torchSave, type Saved } from '../testing/torch-file.test.support.js';

const given = fileURLToPath(new URL('../../../../packages/bench/fixtures/given', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'authors-'));
const path = join(folder, 'model.pth.tar-5');
let registry: Registry;
beforeAll(async () => {
  registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
});
afterAll(() => rmSync(folder, { recursive: true }));

const open = (method: string): Promise<RecordedRun> =>
  openRecordedRun(given, method, {
    registry,
    loadBackbone: (set, tokenizer) => fixtureBackbone(set, tokenizer, { fast: true, recompute: false }),
  });

type State = Record<string, Saved>;
const saved = ({ data, shape }: HostTensor): SavedTensor => new SavedTensor(Float32Array.from(data()), shape);
const some = (...shape: number[]): SavedTensor =>
  new SavedTensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    shape,
  );
const named = (state: State, rename: (name: string) => string): State =>
  Object.fromEntries(Object.entries(state).map(([name, value]) => [rename(name), value]));

/** Buffers of a prompt learner, which depend on the classes. */
const tokens = { token_prefix: some(7, 1, 128), token_suffix: some(7, 72, 128) };
/** Some of what a whole model holds besides, and what the towers hold. */
const towers = {
  ...{ logit_scale: some(), 'image_encoder.class_embedding': some(128), 'image_encoder.proj': some(128, 64) },
  ...{ 'image_encoder.transformer.resblocks.0.ln_1.weight': some(128), 'text_encoder.ln_final.bias': some(128) },
  'text_encoder.transformer.resblocks.0.attn.in_proj_weight': some(384, 128),
};
const whole = (state: State, module: string, inside: RegExp): State =>
  named(state, (name) => (inside.test(name) ? `${module}.${name}` : name));

/** The state dictionary that each code saves, of its learned values. */
const forms: Readonly<Record<string, (learned: State) => State>> = {
  kgcoop: (learned) => ({
    ...learned,
    ...tokens,
    bias_vectors: some(1, 512),
    'meta_net.linear1.weight': some(512, 512),
  }),
  kgcoop_csc_random: (learned) => ({ ...learned, ...tokens, bias_vectors: some(1, 512) }),
  prograd: (learned) => ({ ...learned, ...tokens }),
  prograd_csc: (learned) => ({ ...learned, ...tokens }),
  tcp: (learned) => ({ ...learned, ...tokens }),
  taskres: (learned) => ({ base_text_features: some(7, 64), ...learned }),
  mma: (learned) => ({
    ...{ token_embedding: some(7, 77, 128), tokenized_prompts: new SavedTensor(new BigInt64Array(7 * 77), [7, 77]) },
    ...learned,
  }),
  promptsrc: (learned) => ({
    ...whole(
      { ...learned, ...tokens, 'ZS_image_encoder.class_embedding': some(128) },
      'prompt_learner',
      /^(ctx|token|ZS)/,
    ),
    ...towers,
  }),
  promptsrc_asym: (learned) => ({ ...whole({ ...learned, ...tokens }, 'prompt_learner', /^(ctx|token)/), ...towers }),
  dept_coop: (learned) => ({ ...whole({ ...learned, ...tokens }, 'prompt_learner', /^(ctx|token)/), ...towers }),
  dept_kgcoop: (learned) => ({
    ...whole({ ...learned, ...tokens, bias_vectors: some(1, 512) }, 'prompt_learner', /^(ctx|token|bias_v)/),
    ...{ ...towers, 'adapter.fc.0.weight': some(128, 512) },
  }),
  mmrl: (learned) => ({ ...whole(learned, 'representation_learner', /^compound/), ...towers }),
};

const checkpoint = (state: State): Saved => ({
  ...{ state_dict: state, epoch: 5, val_result: null },
  ...{ optimizer: { state: {}, param_groups: [{ lr: 0.002 }] }, scheduler: { last_epoch: 5 } },
});

/** The file that CLIP-LoRA's own function writes. */
function clipLora(learned: State, metadata: Saved): Saved {
  const blocks = [...new Set(Object.keys(learned).map((name) => name.slice(0, name.indexOf('attn.'))))];
  const number = (block: string): number => Number(/\d+/.exec(block)![0]) + (block.startsWith('visual.') ? 1000 : 0);
  blocks.sort((a, b) => number(a) - number(b));
  const layers = blocks.map((block, i): [string, Saved] => {
    const projections: Record<string, Record<string, Saved>> = {};
    for (const [name, value] of Object.entries(learned)) {
      if (!name.startsWith(`${block}attn.`)) continue;
      const [projection, factor] = name.slice(`${block}attn.`.length).split('.') as [string, string];
      (projections[projection] ??= {})[factor] = value;
    }
    return [`layer_${i}`, projections];
  });
  return { weights: Object.fromEntries(layers), metadata };
}

/** The final values of a recorded run. */
function finalValues({ run, classifier }: RecordedRun): State {
  return Object.fromEntries(
    Object.keys(classifier.variables).map((name) => [name, saved(run.expected.get(`final/${name}`)!)]),
  );
}

async function imported(places: LoraPlaces): Promise<{ learned: StateDict; ignored: readonly string[] }> {
  return learnedPart(await readTorchStateDict(path), places, path);
}

const placesOf = ({ classifier, run }: RecordedRun, tuning: object = {}): LoraPlaces => {
  const { text, vision } = classifier.parts.backbone.shape;
  const { alpha = 1, encoder = 'both' } = run.description.hyper;
  const use = run.description.kind === 'clip_lora' ? 'lora' : 'none';
  return {
    variables: Object.keys(classifier.variables),
    tuning: { use, scaling: 'root', alpha, encoder, ...tuning },
    layers: { text: text.layers, vision: vision.layers },
  };
};

/** Logits of the first recorded batch. */
function logits({ set, classifier }: RecordedRun): number[] {
  const { data, shape } = set.batches.get('step1/images')!;
  return tf.tidy(() => {
    const images = tf.tensor4d(data(), shape as [number, number, number, number], 'float32');
    return [...classifier.step({ images, labels: tf.zeros([shape[0]!], 'int32') }).answers.dataSync()];
  });
}

function expectRecordedLogits(recorded: RecordedRun, values: StateDict): void {
  const before = logits(recorded);
  assignVariables(recorded.classifier.variables, values, path);
  const expected = [...recorded.run.expected.get('final/eval_logits_batch1')!.data()];
  const distance = (of: readonly number[]): number => Math.max(...of.map((value, i) => Math.abs(value - expected[i]!)));
  expect(distance(before)).toBeGreaterThan(1e-3);
  expect(distance(logits(recorded))).toBeLessThan(3e-4);
}

describe("a file of the authors' code", () => {
  it.each(Object.keys(forms))('gives the recorded logits: %s', async (method) => {
    const recorded = await open(method);
    const state = forms[method]!(finalValues(recorded));
    torchSave(path, checkpoint(state));
    const { learned, ignored } = await imported(placesOf(recorded));
    expectRecordedLogits(recorded, learned);
    expect(learned.size + ignored.length).toBe(Object.keys(state).length);
    recorded.dispose();
  });

  it.each(['clip_lora', 'clip_lora_partial', 'clip_lora_rate0'])('gives them, of CLIP-LoRA: %s', async (method) => {
    const recorded = await open(method);
    const { r, alpha, encoder, params } = recorded.run.description.hyper as Record<string, Saved>;
    torchSave(
      path,
      clipLora(finalValues(recorded), { r: r!, alpha: alpha!, encoder: encoder!, params: params!, position: 'all' }),
    );
    const { learned, ignored } = await imported(placesOf(recorded));
    expectRecordedLogits(recorded, learned);
    expect(ignored).toEqual([]);
    recorded.dispose();
  });

  it.each<[string, string, RegExp]>([
    ['prompts in the towers', 'promptsrc', /has a tensor "(text|image)_encoder\.\S*VPT/],
    ['a probe', 'dept_coop', /has a tensor "film_lp_img\./],
    ['a network of the classes', 'tcp', /has a tensor "meta_net\.linear1\./],
  ])('is not taken without %s that it has', async (_, method, message) => {
    const recorded = await open(method);
    torchSave(path, checkpoint(forms[method]!(finalValues(recorded))));
    const { learned } = await imported(placesOf(recorded));
    const { ctx } = recorded.classifier.variables;
    expect(() => assignVariables({ ctx: ctx! }, learned, path)).toThrow(message);
    recorded.dispose();
  });

  it.each<[string, object, object, RegExp]>([
    ['another factor', {}, { alpha: 2 }, /trained with alpha 1, and tuning\.alpha is 2\. .*Set tuning\.alpha=1/],
    ['another scaling', {}, { scaling: 'rank' }, /has the factor α\/√r/],
    ['the other tower', { encoder: 'vision' }, {}, /trained with encoder vision, and tuning\.encoder is both/],
    ['another tuning', {}, { use: 'none' }, /holds low-rank changes of CLIP-LoRA, and the tuning is "none"/],
  ])('of CLIP-LoRA is not taken for %s', async (_, metadata, tuning, message) => {
    const recorded = await open('clip_lora');
    torchSave(
      path,
      clipLora(finalValues(recorded), { alpha: 1, encoder: 'both', position: 'all', ...metadata } as Saved),
    );
    const error = await imported(placesOf(recorded, tuning)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CheckpointError);
    expect(`${(error as Error).message} ${(error as CheckpointError).remedy}`).toMatch(message);
    recorded.dispose();
  });

  it('of CLIP-LoRA is not taken for other blocks', async () => {
    const recorded = await open('clip_lora');
    const learned = finalValues(recorded);
    torchSave(path, clipLora(learned, { alpha: 1, encoder: 'both', position: 'up' }));
    const places = placesOf(recorded);
    const large = { ...places, layers: { text: 12, vision: 12 } };
    await expect(imported(large)).rejects.toThrow(
      'position "up", blocks 8, 9, 10, 11, and the classifier has changes in',
    );
    const fewer = [...places.variables].filter((name) => !name.includes('.5.'));
    await expect(imported({ ...places, variables: fewer })).rejects.toThrow(
      'low-rank changes of 12 blocks, the classifier of 10',
    );
    recorded.dispose();
  });
});
