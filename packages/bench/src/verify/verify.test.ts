import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { fixtureBackbone } from '@promptweave/backbone-clip';
import { Registry } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import { methodPlugins } from '../method-plugins.test.support.js';
import { verify } from './verify.js';

const given = fileURLToPath(new URL('../../fixtures/given', import.meta.url));
const { methods } = JSON.parse(readFileSync(`${given}/meta.json`, 'utf8')) as { methods: string[] };
const registry = new Registry(methodPlugins.map((plugin) => ({ plugin, module: plugin.name })));

/** `.ci/run` takes all of them through the plain path. */
const ON_PLAIN = ['clip_zero_shot', 'taskres', 'clip_lora_partial', 'mma_from0'];

describe.each([
  ['fast', methods, { fast: true, recompute: false }],
  ['plain', ON_PLAIN, { fast: false, recompute: false }],
])('the recorded runs, %s path', (_, chosen, computation) => {
  it.each(chosen)('%s', async (method) => {
    const [verdict] = await verify(given, {
      method,
      registry,
      loadBackbone: (set, tokenizer) => fixtureBackbone(set, tokenizer, computation),
    });
    expect(verdict!.tensors.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict!.tensors.length).toBeGreaterThan(15);
  });
});

/** Prompts in both towers, learned labels, and tuned blocks, with ReLUs whose units may switch. */
const IN_BFLOAT16 = ['clip_zero_shot', 'comma_paper_s2', 'clip_lora', 'mma'];

describe('the recorded runs in bfloat16 (left out where the CPU has no such products)', () => {
  it.skipIf(!tf.getKernel('PromptweaveBfloat16Product', tf.getBackend())).each(IN_BFLOAT16)('%s', async (method) => {
    const precision = 'bfloat16';
    const [verdict] = await verify(given, {
      method,
      registry,
      precision,
      loadBackbone: (set, tokenizer) => fixtureBackbone(set, tokenizer, { fast: true, recompute: false, precision }),
    });
    expect(verdict!.tensors.filter(({ ok }) => !ok)).toEqual([]);
    expect(Math.max(...verdict!.tensors.map(({ relative }) => relative))).toBeGreaterThan(2e-4); // it is not float32
  });
});
