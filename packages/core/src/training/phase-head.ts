import type { FeatureStore } from '../contracts/features.js';
import type { HeadMaterial } from '../contracts/head.js';
import type { ImageSource } from './batches.js';
import type { TrainEvent } from './events.js';
import { disposeMaterial, headMaterial, textsOf } from './head-material.js';
import type { Phase } from './phases.js';
import type { TrainRequest } from './train-request.js';

/** What a head is prepared and finished with. */
export interface HeadSurroundings {
  readonly request: TrainRequest;
  readonly phase: Phase;
  readonly source: ImageSource;
  /** Image features that are constant in the phase. */
  readonly features?: FeatureStore;
  readonly emit: (event: TrainEvent) => void;
}

/** Before the first step of a phase: prepares the head, and starts it, where it takes part from this phase on. */
export async function beginHead(surroundings: HeadSurroundings): Promise<void> {
  const { request, phase } = surroundings;
  const { head } = request.classifier.parts;
  if (!phase.headBegins) return;
  if (head.prepare) await withMaterial(surroundings, (material) => head.prepare!(material));
  if (!head.start) return;
  const texts = textsOf(phase.classifier);
  head.start(texts);
  texts.dispose();
}

/** After the last step of the last phase. */
export async function finishHead(surroundings: HeadSurroundings): Promise<void> {
  const { head } = surroundings.request.classifier.parts;
  if (head.finish) await withMaterial(surroundings, (material) => head.finish!(material));
}

async function withMaterial(
  { request, phase, source, features = new Map(), emit }: HeadSurroundings,
  use: (material: HeadMaterial) => void,
): Promise<void> {
  const { dataset, signal } = request;
  const onProgress = (done: number, total: number): void => emit({ type: 'features', done, total });
  const material = await headMaterial({
    ...{ classifier: phase.classifier, properties: request.classifier.parts.headProperties, source, features },
    ...{ train: dataset.train, validation: dataset.val, watch: { signal, onProgress } },
  });
  try {
    if (material) use(material);
  } finally {
    disposeMaterial(material);
  }
}
