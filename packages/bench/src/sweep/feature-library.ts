import type { FeatureStore } from '@promptweave/core';
import {
  backboneIdentity,
  FeatureCache,
  type Experiment,
  type FrozenTexts,
  type ResolvedConfiguration,
  type ResolvedPart,
} from '@promptweave/core/experiment';
import type { FeatureSource } from '../protocols/protocol-context.js';

/**
 * Image and text features of frozen towers, shared by everything that uses the same folder: cells of a sweep, or all runs of a user. They are told
 * apart by checkpoint, preprocessing, data set and whatever computes; on disk, images are known by their content (see `FeatureCache`).
 */
export class FeatureLibrary implements FeatureSource {
  private readonly cache: FeatureCache;
  private readonly stores = new Map<string, FeatureStore>();

  /**
   * @param computation what the bits of a feature depend on besides, see `describeComputation` of @promptweave/runtime
   * @param limitBytes of all files together; default 1 GiB
   * @param onUnkept told once where nothing can be written
   */
  constructor(
    folder: string,
    private readonly computation: string,
    limitBytes?: number,
    onUnkept?: (message: string) => void,
  ) {
    this.cache = new FeatureCache(folder, limitBytes, onUnkept);
  }

  async of({ backbone, configuration }: Experiment, dataset: ResolvedPart): Promise<FeatureStore> {
    const { fast } = configuration.runtime;
    const kind = {
      ...backboneIdentity(backbone),
      reading: dataset.use,
      fast,
      block: backbone.imagesPerBlock,
      computation: this.computation,
    };
    const key = JSON.stringify([kind, dataset]); // in memory, images are known by their ids
    const store = this.stores.get(key) ?? this.cache.of(kind);
    this.stores.set(key, store);
    return store;
  }

  texts({ backbone, runtime }: ResolvedConfiguration): FrozenTexts {
    return this.cache.texts({ backbone, fast: runtime.fast, computation: this.computation });
  }
}
