import type { ImageItem } from '../contracts/dataset.js';
import type { FeatureStore } from '../contracts/features.js';
import { featureBatches, imageBatches, type ImageSource, type PreparedBatch } from './batches.js';
import { shuffled } from './order.js';
import type { TrainingPlan } from './plan.js';
import type { TrainSettings } from './settings.js';

/** The batches of one optimiser step. */
export interface StepGroup {
  readonly batches: readonly PreparedBatch[];
  readonly epoch: number;
  /** Images of the pass that are behind after it. */
  readonly offset: number;
}

/** Steps, and the end of each pass. */
export type Group = StepGroup | { readonly batches?: undefined };

/** What the groups are made from. */
export interface GroupRequest {
  readonly source: ImageSource;
  readonly items: readonly ImageItem[];
  readonly settings: Pick<TrainSettings, 'batch' | 'accumulate' | 'augment' | 'minimumCrop' | 'views'>;
  /** How many passes there are, those of phases before included. */
  readonly plan: Pick<TrainingPlan, 'epochs' | 'dropLast'>;
  /** Where to begin. */
  readonly from: { readonly epoch: number; readonly offset: number };
  /** Stored features, to be used instead of the images. */
  readonly features?: FeatureStore;
}

/** The batches of each optimiser step, and after each pass a group without batches. */
export async function* stepGroups(request: GroupRequest): AsyncGenerator<Group> {
  const { source, items, settings, plan, features } = request;
  const { batch: batchSize, accumulate, augment, minimumCrop, views } = settings;
  for (let { epoch, offset } = request.from; epoch < plan.epochs; epoch++, offset = 0) {
    const order = shuffled(items, source.seed, epoch);
    const position = new Map(order.map(({ id }, index) => [id, index]));
    const index = views === undefined ? epoch : epoch % views;
    const pass = { items: order.slice(offset), batchSize, epoch: index, augment, minimumCrop, dropLast: plan.dropLast };
    const view = augment ? { index, seed: source.seed, minimumCrop } : undefined;
    let batches: PreparedBatch[] = [];
    for await (const batch of features ? featureBatches(features, pass, view) : imageBatches(source, pass)) {
      batches.push(batch);
      if (batches.length < accumulate) continue;
      yield { batches, epoch, offset: behind(batches, position, batchSize) };
      batches = [];
    }
    if (batches.length > 0) yield { batches, epoch, offset: behind(batches, position, batchSize) };
    yield {};
  }
}

/** Images of a pass that are behind after these batches: whole batches, for images that cannot be read leave smaller ones. */
function behind(batches: readonly PreparedBatch[], position: Map<string, number>, batchSize: number): number {
  const last = position.get(batches.at(-1)!.items.at(-1)!.id)!;
  return Math.ceil((last + 1) / batchSize) * batchSize;
}
