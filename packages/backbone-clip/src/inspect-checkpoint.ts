import type { TransformerShape, Preprocessing } from '@promptweave/core';
import { openClipCheckpoint } from './checkpoint/index.js';
import { familyNames } from './clip-form.js';
import { KNOWN_FAMILIES, type KnownModel } from './known-models.js';
import { shapeOf, sourceOf } from './load-clip.js';

/** What weights at hand are taken for. */
export interface InspectedCheckpoint {
  /** CLIP, MetaCLIP 2, SigLIP or PE-Core. */
  readonly family: string;
  /** Released models of the same sizes. */
  readonly sizesOf: readonly string[];
  readonly shape: TransformerShape;
  readonly tokens: number;
  readonly activation: string;
  readonly preprocessing: Preprocessing;
  /** What was chosen, assumed or left aside, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * What a file, a folder or a model of the hub is taken for: names and shapes of its tensors and the files beside them are read, no values.
 *
 * @param folder what a relative path is relative to
 * @throws CheckpointError saying why it cannot be loaded
 */
export async function inspectCheckpoint(checkpoint: string, folder: string): Promise<InspectedCheckpoint> {
  const { architecture, preprocessing, sentencePieces, notes } = await openClipCheckpoint(
    sourceOf({ checkpoint }, folder),
  );
  const { family, vocabularySize } = architecture;
  const shape = shapeOf(architecture);
  return {
    family: family ? familyNames[family] : sentencePieces ? 'MetaCLIP 2' : 'CLIP',
    sizesOf: KNOWN_FAMILIES.flatMap(({ models }) => models).flatMap((model) =>
      hasSizes(model, shape, vocabularySize) ? [model.id] : [],
    ),
    ...{ shape, tokens: vocabularySize, activation: architecture.activation, preprocessing, notes },
  };
}

function hasSizes({ image, text, embedding }: KnownModel, shape: TransformerShape, tokens: number): boolean {
  const { vision } = shape;
  return (
    [image.width, image.layers, image.heads, image.patch].join() ===
      [vision.width, vision.layers, vision.heads, vision.patchSize].join() &&
    image.sizes.includes(vision.imageSize) &&
    [text.width, text.layers, text.heads, text.length, text.tokens].join() ===
      [shape.text.width, shape.text.layers, shape.text.heads, shape.text.contextLength, tokens].join() &&
    embedding === shape.embedding
  );
}
