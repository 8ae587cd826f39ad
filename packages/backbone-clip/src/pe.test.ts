import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { hostTensor, readSafetensors, writeSafetensors } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipCheckpoint } from './checkpoint/index.js';
import { loadClip } from './load-clip.js';
import { clipOptions } from './options.js';
import { expectRecorded, recordedIn } from './recorded.test.support.js';

/** Tiny PE-Cores and what timm and open_clip compute with them; made by scripts/make-pe-fixtures.py. */
const folder = fileURLToPath(new URL('../fixtures/pe/', import.meta.url));
const load = (options: Record<string, unknown>, fast = true) => loadClip(clipOptions.parse(options), folder, { fast });

describe.each(['class', 'bare'])('PE-Core %s', (name) => {
  let tensors: number;
  beforeAll(() => void (tensors = tf.memory().numTensors));
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  it.each([
    ['original names, fast', name, true],
    ['original names, plain', name, false],
    ["timm's names, fast", `${name}-open-clip`, true],
    ["timm's names, plain", `${name}-open-clip`, false],
  ])("gives the reference libraries' features and logits: %s", async (_, checkpoint, fast) => {
    const imageSize = name === 'class' ? 14 : 12;
    const recorded = await recordedIn(`${folder}${name}.json`);
    const backbone = await load({ checkpoint }, fast);
    // The original files do not say that some pixels at the border are left out.
    const seen = backbone.shape.vision.imageSize;
    const cut = tf.tidy(() => {
      const images = tf.tensor4d(recorded.images, [3, 3, imageSize, imageSize]);
      return [...tf.slice(images, [0, 0, 0, 0], [-1, -1, seen, seen]).dataSync()];
    });
    expectRecorded(backbone, { ...recorded, images: cut });
    expect(backbone.preprocessing).toEqual({
      ...{ resize: 'squash', interpolation: 'bilinear', size: seen, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    });
    expect(backbone.settings).toMatchObject({ activation: 'gelu', pooled: 'patches' });
    expect(backbone.shape.vision.classToken).toBe(name === 'class' ? undefined : false);
    expect(backbone.notes!.at(-1)).toMatch(/A PE-Core: texts have at most 2[46] tokens; its pooling head sees/);
    expect(backbone.publishedVision).toBeUndefined();
    backbone.dispose();
  });

  it('is the same under both names', async () => {
    const own = await loadClipCheckpoint(`${folder}${name}`);
    const other = await loadClipCheckpoint(`${folder}${name}-open-clip`);
    const { imageSize } = own.architecture;
    expect({ ...other.architecture, imageSize }).toEqual(own.architecture);
    expect([...other.tensors.keys()]).toEqual([...own.tensors.keys()]);
    for (const [key, tensor] of own.tensors) expect(other.tensors.get(key)!.data(), key).toEqual(tensor.data());
  });
});

describe('what is no PE-Core as it was released', () => {
  let changed: string;
  beforeAll(async () => void (changed = await mkdtemp(join(tmpdir(), 'pe-'))));
  afterAll(() => rm(changed, { recursive: true }));

  it("has a bias at timm's projection", async () => {
    const { tensors } = await readSafetensors(`${folder}bare-open-clip/open_clip_model.safetensors`);
    const file = join(changed, 'open_clip_model.safetensors');
    tensors.set('visual.trunk.head.bias', hostTensor(new Float32Array(40).fill(0.1), [40]));
    await writeSafetensors(file, tensors);
    await expect(loadClipCheckpoint(file)).rejects.toThrow(/has a bias \("visual.trunk.head.bias"\)/);
  });

  it('lacks a part of its pooling head', async () => {
    const { tensors } = await readSafetensors(`${folder}bare/PE-Core.safetensors`);
    const file = join(changed, 'model.safetensors');
    tensors.delete('visual.attn_pool.layernorm.weight');
    await writeSafetensors(file, tensors);
    await expect(loadClipCheckpoint(file)).rejects.toThrow(/"visual.attn_pool.layernorm.weight".* is missing/);
  });
});
