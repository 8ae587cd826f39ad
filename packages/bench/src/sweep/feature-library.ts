import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  canonicalJson,
  hostTensor,
  readSafetensors,
  writeSafetensors,
  type Experiment,
  type FeatureStore,
  type ResolvedPart,
} from '@promptweave/core';
import type { FeatureSource } from '../protocols/protocol-context.js';

/** A data set's features in memory, and how many of them are on disk. */
interface Opened {
  readonly store: FeatureStore;
  saved: number;
}

/**
 * Image features of frozen towers, shared by all cells of a sweep and kept in its folder. They are told apart by checkpoint, backend,
 * preprocessing and the data set's options; images are known by their ids, so the files behind them must not change during a sweep.
 */
export class FeatureLibrary implements FeatureSource {
  private readonly stores = new Map<string, Promise<Opened>>();

  /** @param folder of the sweep's features */
  constructor(private readonly folder: string) {}

  async of({ backbone, configuration }: Experiment, dataset: ResolvedPart): Promise<FeatureStore> {
    const { shape, preprocessing, digest } = backbone;
    const { fast } = configuration.runtime;
    const kind = { digest, preprocessing, size: shape.vision.imageSize, dataset, fast, backend: tf.getBackend() };
    const key = createHash('sha256').update(canonicalJson(kind)).digest('hex').slice(0, 16);
    const known = this.stores.get(key) ?? this.open(key);
    this.stores.set(key, known);
    return (await known).store;
  }

  /** Writes what is new, together with what others wrote meanwhile. */
  async save(): Promise<void> {
    for (const [key, opened] of this.stores) {
      const entry = await opened;
      if (entry.store.size === entry.saved) continue;
      await this.merge(key, entry.store);
      mkdirSync(this.folder, { recursive: true });
      const ids = [...entry.store.keys()];
      const rows = [...entry.store.values()];
      const width = rows[0]!.length;
      const features = new Float32Array(rows.length * width);
      rows.forEach((row, i) => features.set(row, i * width));
      const tensors = new Map([['features', hostTensor(features, [rows.length, width])]]);
      await writeSafetensors(this.path(key), tensors, { ids: JSON.stringify(ids) });
      entry.saved = entry.store.size;
    }
  }

  private async open(key: string): Promise<Opened> {
    const store: FeatureStore = new Map();
    await this.merge(key, store);
    return { store, saved: store.size };
  }

  private async merge(key: string, store: FeatureStore): Promise<void> {
    if (!existsSync(this.path(key))) return;
    const { metadata, tensors } = await readSafetensors(this.path(key));
    const features = tensors.get('features')!;
    const values = features.data() as Float32Array;
    const width = features.shape[1]!;
    (JSON.parse(metadata['ids']!) as string[]).forEach((id, i) => {
      if (!store.has(id)) store.set(id, values.slice(i * width, (i + 1) * width));
    });
  }

  private path(key: string): string {
    return join(this.folder, `${key}.safetensors`);
  }
}
