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
import { describe, expect, it } from 'vitest';
import { verify } from './verify.js';

const given = fileURLToPath(new URL('../../fixtures/given', import.meta.url));
const registry = new Registry(
  [...coop, ...maple, ...comma, ...lamm, ...lora, ...mma, ...adapters, ...probes, ...dept].map((plugin) => ({
    plugin,
    module: plugin.name,
  })),
);

describe.each([
  ['fast', { fast: true, recompute: false }],
  ['plain', { fast: false, recompute: false }],
])('the recorded runs, %s path', (_, computation) => {
  it.each([
    'clip_zero_shot',
    'coop_end',
    'coop_csc_random',
    'coop_middle',
    'coop_front',
    'cocoop',
    'maple_d3',
    'maple_d6',
    'comma_released_s1',
    'comma_released_s2',
    'comma_paper_s1',
    'comma_paper_s2',
    'lamm_clip_shots16',
    'lamm_coop_shots16',
    'lamm_maple_shots16',
    'lamm_clip_shots1',
    'lamm_coop_shots1',
    'lamm_maple_shots1',
    'lamm_clip_minlen2',
    'lamm_maple_nameslot',
    'lamm_comma_paper',
    'lamm_comma_paper_nameslot',
    'kgcoop',
    'kgcoop_csc_random',
    'taskres',
    'taskres_adam',
    'clip_adapter',
    'tip_adapter_f',
    'tip_adapter_f_single',
    'clap',
    'clap_adaptative',
    'zs_linear_probe',
    'dept_coop',
    'dept_kgcoop',
    'clip_lora',
    'clip_lora_partial',
    'clip_lora_rate0',
    'mma',
    'mma_from0',
  ])('%s', async (method) => {
    const [verdict] = await verify(given, {
      method,
      registry,
      loadBackbone: (set, tokenizer) => fixtureBackbone(set, tokenizer, computation),
    });
    expect(verdict!.tensors.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdict!.tensors.length).toBeGreaterThan(15);
  });
});
