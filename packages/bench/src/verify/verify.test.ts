import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fixtureBackbone } from '@promptweave/backbone-clip';
import { Registry } from '@promptweave/core/experiment';
import { plugins as adapters } from '@promptweave/head-adapters';
import { plugins as probes } from '@promptweave/head-linear-probe';
import { plugins as comma } from '@promptweave/method-comma';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as dept } from '@promptweave/method-dept';
import { plugins as lamm } from '@promptweave/method-lamm';
import { plugins as lora } from '@promptweave/method-lora';
import { plugins as maple } from '@promptweave/method-maple';
import { plugins as mma } from '@promptweave/method-mma';
import { plugins as mmrl } from '@promptweave/method-mmrl';
import { plugins as prograd } from '@promptweave/method-prograd';
import { plugins as promptsrc } from '@promptweave/method-promptsrc';
import { plugins as tcp } from '@promptweave/method-tcp';
import { describe, expect, it } from 'vitest';
import { verify } from './verify.js';

const given = fileURLToPath(new URL('../../fixtures/given', import.meta.url));
const { methods } = JSON.parse(readFileSync(`${given}/meta.json`, 'utf8')) as { methods: string[] };
const registry = new Registry(
  [
    ...coop,
    ...maple,
    ...comma,
    ...lamm,
    ...lora,
    ...mma,
    ...adapters,
    ...probes,
    ...dept,
    ...promptsrc,
    ...prograd,
    ...tcp,
    ...mmrl,
  ].map((plugin) => ({
    plugin,
    module: plugin.name,
  })),
);

/** Runs that use all that the plain path can do; the others go through it in `.ci/run`. */
const ON_PLAIN = [
  'clip_zero_shot',
  'cocoop',
  'lamm_comma_paper',
  'taskres',
  'clip_lora_partial',
  'mma_from0',
  'tcp',
  'mmrl',
];

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
