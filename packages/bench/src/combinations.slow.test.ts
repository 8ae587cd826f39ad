import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import type { HeadPlugin, LabelsPlugin, LossPlugin, PromptPlugin } from '@promptweave/core';
import {
  createOptimizer,
  crossEntropy,
  frozenLabels,
  handCraftedPrompt,
  type Classifier,
} from '@promptweave/core/experiment';
import { batchFor, compose, contextOf, totalLoss, type Chosen } from '@promptweave/core/testing';
import { comma, commaKnowledge } from '@promptweave/method-comma';
import { cocoop, coop } from '@promptweave/method-coop';
import { lamm, lammHierarchical } from '@promptweave/method-lamm';
import { ivlp, language, maple, vpt } from '@promptweave/method-maple';
import { mmrlHead, mmrlPrompt } from '@promptweave/method-mmrl';
import { tcp } from '@promptweave/method-tcp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const STEPS = 10;
const LEARNING_RATE = 0.002;

const clip = (fast: boolean) =>
  randomClip(
    {
      seed: 8,
      vision: { width: 64, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
      text: { width: 64, layers: 3, heads: 2, contextLength: 24 },
      embedding: 32,
      vocabulary: 512,
      logitScale: 10,
    },
    { fast, recompute: false },
  );

let backbones: readonly ClipBackbone[];
beforeAll(() => {
  backbones = [clip(true), clip(false)];
});
afterAll(() => backbones.forEach((backbone) => backbone.dispose()));

const learners: Readonly<Record<string, Chosen<PromptPlugin>>> = {
  none: { plugin: handCraftedPrompt },
  coop: { plugin: coop },
  'coop, class-specific': { plugin: coop, options: { classSpecific: true } },
  cocoop: { plugin: cocoop, options: { reduction: 4 } },
  maple: { plugin: maple, options: { depth: 3 } },
  vpt: { plugin: vpt, options: { visionDepth: 3 } },
  language: { plugin: language, options: { depth: 3 } },
  ivlp: { plugin: ivlp, options: { depth: 3, visionDepth: 3 } },
  'comma, paper': { plugin: comma, options: { depth: 3, lateBlocks: 2 } },
  'comma, released': { plugin: comma, options: { depth: 3, lateBlocks: 2, variant: 'released' } },
  tcp: { plugin: tcp, options: { classBlock: 2 } },
  mmrl: { plugin: mmrlPrompt, options: { first: 2, last: 3, width: 32 } },
};

/** Heads of methods that have their own. */
const heads: Readonly<Record<string, Chosen<HeadPlugin>>> = { mmrl: { plugin: mmrlHead } };

const aligners: Readonly<Record<string, { labels: Chosen<LabelsPlugin>; losses: readonly Chosen<LossPlugin>[] }>> = {
  frozen: { labels: { plugin: frozenLabels }, losses: [] },
  lamm: { labels: { plugin: lamm }, losses: [{ plugin: lammHierarchical }] },
};

const knowledge: Readonly<Record<string, readonly Chosen<LossPlugin>[]>> = {
  'no knowledge loss': [],
  'comma/knowledge': [{ plugin: commaKnowledge, options: { lateBlocks: 2 } }],
  'comma/knowledge at all positions': [{ plugin: commaKnowledge, options: { lateBlocks: 2, tokens: 'all' } }],
};

const combinations = Object.entries(learners).flatMap(([learner, prompt]) =>
  Object.entries(aligners).flatMap(([aligner, { labels, losses }]) =>
    Object.entries(knowledge)
      // COMMA's own loss is the one at all positions in its released variant, and the aligned one everywhere else.
      .filter(
        ([name]) => name !== (learner === 'comma, released' ? 'comma/knowledge' : 'comma/knowledge at all positions'),
      )
      .map(([name, extra]) => ({
        title: `${learner} + ${aligner} + ${name}`,
        learner,
        composition: { prompt, labels, head: heads[learner], losses: [{ plugin: crossEntropy }, ...losses, ...extra] },
      })),
  ),
);

/** Variables that no gradient reaches, by design: the generators of COMMA as released. */
const isWithoutGradient = (learner: string, variable: string) =>
  learner === 'comma, released' && variable.startsWith('compound_prompt_projections_image');

describe.each(combinations)('$title', ({ learner, composition }) => {
  it('trains: the loss falls, gradients reach what is learned, nothing leaks, and both paths agree', () => {
    const tensors = tf.memory().numTensors;
    const runs = backbones.map((backbone) => {
      const before = digestOf(backbone);
      const classifier = compose(contextOf(backbone), composition);
      const run = trainTenSteps(classifier, backbone);
      expect(digestOf(backbone)).toBe(before);
      classifier.dispose();
      return run;
    });
    expect(tf.memory().numTensors).toBe(tensors);

    const [fast, plain] = runs as [Run, Run];
    fast.totals.forEach((total, step) => {
      expect(Math.abs(total - plain.totals[step]!) / Math.abs(plain.totals[step]!), `step ${step + 1}`).toBeLessThan(
        1e-5,
      );
    });
    for (const { variables, reached, totals } of runs) {
      expect(reached).toEqual(variables.filter((name) => !isWithoutGradient(learner, name)));
      if (variables.length > 0) expect(totals.at(-1)).toBeLessThan(totals[0]!);
    }
  });
});

it('covers every learner, with and without LAMM, with and without the knowledge loss', () => {
  expect(combinations).toHaveLength(12 * 2 * 2);
});

interface Run {
  /** Total loss before each step. */
  readonly totals: readonly number[];
  /** Names of all learned tensors. */
  readonly variables: readonly string[];
  /** Names of those that got a gradient other than 0 in the first step. */
  readonly reached: readonly string[];
}

function trainTenSteps(classifier: Classifier, backbone: ClipBackbone): Run {
  const batch = batchFor(backbone, 2);
  const variables = Object.keys(classifier.variables);
  const optimizer = createOptimizer({
    optimizer: 'sgd',
    momentum: 0.9,
    weightDecay: 5e-4,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
  });
  let reached = variables;
  const totals: number[] = [];
  let tensors = 0;
  for (let step = 0; step < STEPS; step++) {
    if (variables.length === 0) {
      totals.push(totalLoss(classifier, batch));
      continue;
    }
    const { total, gradients } = classifier.gradients(batch);
    totals.push(total);
    if (step === 0) reached = variables.filter((name) => gradients[name] && largest(gradients[name]) > 0);
    optimizer.apply(classifier.variables, gradients, LEARNING_RATE);
    tf.dispose(Object.values(gradients));
    if (step === 1) tensors = tf.memory().numTensors;
  }
  if (variables.length > 0) expect(tf.memory().numTensors, 'tensors after the second and the last step').toBe(tensors);
  optimizer.dispose();
  tf.dispose(Object.values(batch));
  return { totals, variables, reached };
}

function largest(tensor: tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tensor)).dataSync()[0]!);
}

/** SHA-256 of all weights. */
function digestOf({ weights }: ClipBackbone): string {
  const hash = createHash('sha256');
  const add = (part: object): void => {
    for (const value of Object.values(part) as unknown[]) {
      if (value instanceof tf.Tensor) hash.update(value.dataSync());
      else if (typeof value === 'object' && value !== null) add(value);
    }
  };
  add(weights);
  return hash.digest('hex');
}
