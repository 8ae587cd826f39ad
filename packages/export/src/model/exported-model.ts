import { ConfigError, hostTensor, type HostTensor, type Prompts, type TransformerShape } from '@promptweave/core';
import { keptOutcome, type Classifier } from '@promptweave/core/experiment';
import { checkedModel, MODEL_FORMAT, type ModelDescription, type ModelFile } from '@promptweave/web';
import type * as tf from '@tensorflow/tfjs-core';
import { exportedHead } from './exported-head.js';
import { exportedTower } from './exported-tower.js';

/**
 * All that predicting images with a classifier needs, in a form that leaves promptweave: the image tower with its prompts and what a tuning
 * changed, and the head with texts, labels and class names folded in. The text tower is left out.
 *
 * @param provenance what it was made of, for whoever opens the file; JSON
 * @throws ConfigError where a part cannot be brought into that form
 */
export function exportedModel(classifier: Classifier, provenance: Readonly<Record<string, unknown>> = {}): ModelFile {
  const { backbone, aligner, learnerProperties, tuning } = classifier.parts;
  if (learnerProperties.dependsOnImage) {
    throw new ConfigError('The prompts of this run depend on the image, so that no class has a vector of its own.', {
      where: 'prompt',
      remedy:
        'Use the run with promptweave predict or promptweave serve, or train another prompt (coop instead of cocoop).',
    });
  }
  const predictor = classifier.predictor();
  try {
    const shared = predictor.shared!;
    const prompts = exportedPrompts(shared.vision);
    const towers = keptOutcome(() => exportedTower(backbone, tuning.towers().vision));
    const { head, tensors } = exportedHead(classifier, shared, prompts.count);
    const { imageSize, patchSize, width, layers, heads } = backbone.shape.vision as TransformerShape['vision']; // its tower was published
    const description: ModelDescription = {
      format: MODEL_FORMAT,
      classNames: [...aligner.classNames],
      preprocessing: backbone.preprocessing,
      vision: { width, layers, heads, imageSize, patchSize },
      embedding: backbone.shape.embedding,
      activation: towers.activation,
      prompts: prompts.described,
      head,
      programs: towers.programs,
      provenance,
    };
    const texts = hostTensor(shared.features.dataSync<'float32'>().slice(), [...shared.features.shape]);
    const all = new Map([...towers.tensors, ...prompts.tensors, ['classes.texts', texts], ...tensors]);
    return checkedModel(JSON.stringify(description), all, 'the exported model');
  } finally {
    predictor.dispose();
  }
}

interface ExportedPrompts {
  readonly described: ModelDescription['prompts'];
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Rows that each image has of them. */
  readonly count: number;
}

function exportedPrompts({ shallow, deep, inserted }: Prompts = { deep: [] }): ExportedPrompts {
  const tensors = new Map<string, HostTensor>();
  const put = (name: string, rows: tf.Tensor2D): void =>
    void tensors.set(`prompts.${name}`, hostTensor(rows.dataSync<'float32'>().slice(), [...rows.shape]));
  if (inserted) {
    inserted.rows.forEach((rows, i) => put(`inserted.${i}`, rows));
    const { block, rows } = inserted;
    return {
      described: { shallow: false, deep: 0, inserted: { block, count: rows.length } },
      ...{ tensors, count: rows[0]!.shape[0] },
    };
  }
  if (shallow) put('shallow', shallow);
  deep.forEach((rows, i) => put(`deep.${i + 1}`, rows));
  return {
    described: { shallow: shallow !== undefined, deep: deep.length },
    ...{ tensors, count: shallow?.shape[0] ?? 0 },
  };
}
