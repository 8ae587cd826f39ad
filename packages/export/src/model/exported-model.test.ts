import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClipBackbone } from '@promptweave/backbone-clip';
import { cocoop } from '@promptweave/method-coop';
import { readBundle, writeBundle } from '../bundle/bundle.js';
import { exportedModel } from './exported-model.js';
import {
  combinations,
  expectedLogits,
  exportedLogits,
  images,
  largestDifference,
  tinyClip,
  trained,
} from '../testing/combinations.test.support.js';

let backbones: Readonly<Record<string, ClipBackbone>>;
let folder: string;
beforeAll(() => {
  backbones = {
    'folded, QuickGELU': tinyClip({ fast: true, recompute: false }, 'quick-gelu'),
    'plain, GELU': tinyClip({ fast: false, recompute: false }, 'gelu'),
  };
  folder = mkdtempSync(join(tmpdir(), 'promptweave-export-'));
});
afterAll(() => {
  for (const backbone of Object.values(backbones)) backbone.dispose();
  rmSync(folder, { recursive: true });
});

describe.each(Object.keys(combinations))('%s', (name) => {
  it.each(['folded, QuickGELU', 'plain, GELU'])('gives the logits of predict: %s', async (kind) => {
    const classifier = trained(backbones[kind]!, combinations[name]!);
    const batch = images(backbones[kind]!, 5);
    const expected = expectedLogits(classifier, batch);
    const model = exportedModel(classifier, { note: 'a test' });
    const path = join(folder, 'model.safetensors');
    await writeBundle(path, model);
    const read = await readBundle(path);
    expect(read.description).toEqual(model.description);
    expect(largestDifference(exportedLogits(read, batch), expected)).toBeLessThan(1e-4);
    await writeBundle(path, model, 'float16');
    expect(largestDifference(exportedLogits(await readBundle(path), batch), expected)).toBeLessThan(0.05);
    batch.dispose();
    classifier.dispose();
  });
});

it('folds whatever is linear into a class matrix', () => {
  const kinds = Object.entries(combinations).map(([name, composition]) => {
    const classifier = trained(backbones['plain, GELU']!, composition);
    const { head } = exportedModel(classifier).description;
    classifier.dispose();
    return [name, head.kind === 'linear' ? head.normalised : head.kind];
  });
  const others = { MMRL: 'program', 'CLIP-Adapter on VPT': 'program', 'Tip-Adapter': 'program', 'linear probe': false };
  const rest = Object.keys(combinations).map((name) => [name, true]);
  expect(Object.fromEntries(kinds)).toEqual({ ...Object.fromEntries(rest), ...others, 'DePT on MaPLe': 'program' });
});

it('refuses prompts that depend on the image, and says what to do', () => {
  const classifier = trained(backbones['plain, GELU']!, { prompt: { plugin: cocoop, options: { reduction: 4 } } });
  expect(() => exportedModel(classifier)).toThrow(/depend on the image/);
  classifier.dispose();
});
