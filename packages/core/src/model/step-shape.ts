import * as tf from '@tensorflow/tfjs-core';
import type { InsertedRows, LabelEmbeddings, TextContext } from '../contracts/prompts.js';
import type { TowerTuning } from '../contracts/tuning.js';
import type { StepShape, TextRows, TowerChanges } from '../contracts/work.js';
import { assembleText, concatLabels } from './assemble-text.js';
import type { ClassifierParts } from './classifier-parts.js';

/**
 * What a training step of these parts computes, found out by putting the prompts together without encoding them.
 *
 * @param batch images
 * @param featuresKnown image features come from a store
 */
export function stepShape(parts: ClassifierParts, batch: number, featuresKnown = false): StepShape {
  const { backbone, learner, learnerProperties, aligner, tuningProperties, needs } = parts;
  const { dependsOnImage, promptsVision } = learnerProperties;
  const learns = Object.keys(learner.variables).length > 0;
  const anchorsToo = needs.anchors === true && (learns || dependsOnImage);
  const trainsRows = Object.keys(aligner.variables).length > 0;
  const textBlocks = learner.textBlocks ?? Array.from({ length: backbone.shape.text.layers }, (_, i) => i);
  const visionBlocks = Array.from({ length: backbone.shape.vision.layers }, (_, i) => i);
  const counts = {
    ...{ prefix: 0, branches: [] as readonly number[], context: false, inserted: false, ofImage: false },
    ...{ visionPrompts: 0, ofText: {} as TextRows['changes'], ofVision: {} as TowerChanges },
  };
  tf.tidy(() => {
    const image = dependsOnImage ? tf.ones<tf.Rank.R2>([1, backbone.shape.embedding]) : undefined;
    const { text, vision, insertedText } = learner.prompts(image);
    const tuned = parts.tuning.towers();
    const own = aligner.labels();
    const labels = anchorsToo ? concatLabels(own, aligner.anchors()) : own;
    const context = text && ofOnePass(text, labels);
    const assembled = assembleText(backbone, {
      template: learner.template,
      context,
      labels,
      classNames: aligner.classNames,
    });
    counts.prefix = assembled.prefix.shape[0];
    counts.branches = assembled.lengths;
    counts.context = text !== undefined;
    counts.ofImage = text?.scope === 'image';
    counts.inserted = insertedText !== undefined;
    counts.visionPrompts = promptsVision && !vision?.inserted ? (vision?.shallow?.shape[0] ?? 0) : 0;
    const ofClasses = text?.ofClasses?.block;
    counts.ofText = {
      ...changesOf(tuned.text, insertedText, textBlocks, trainsRows || (learns && text !== undefined)),
      ...(ofClasses !== undefined && { ownContextFrom: ofClasses }),
    };
    const prompts = promptsVision ? vision : undefined;
    counts.ofVision = changesOf(tuned.vision, prompts?.inserted, visionBlocks, prompts?.shallow !== undefined);
  });
  const movesImages = promptsVision || tuningProperties.tunesVision;
  return {
    batch,
    text: {
      prefix: counts.prefix,
      branches: counts.branches,
      padded: needs.lateBlocks && needs.padding ? aligner.classNames.length : 0,
      blocks: textBlocks.length,
      hiddenStates: (needs.lateBlocks ?? 0) > 0,
      changes: counts.ofText,
    },
    textPasses: (1 + (learner.furtherTemplates?.length ?? 0)) * (counts.ofImage ? batch : 1),
    textGradient: trainsRows || tuningProperties.tunesText || (learns && (counts.context || counts.inserted)),
    visionPrompts: counts.visionPrompts,
    visionGradient: (promptsVision && learns) || tuningProperties.tunesVision,
    visionChanges: counts.ofVision,
    featuresKnown: featuresKnown && !movesImages,
    frozenImages: movesImages && needs.frozenImages === true,
  };
}

/** The context as one text pass gets it: of one image, of the classes and their anchors. */
function ofOnePass(context: TextContext, labels: LabelEmbeddings): TextContext {
  if (context.scope === 'shared') return context;
  const [count, n, width] = (context.vectors as tf.Tensor3D).shape;
  if (context.scope === 'image') {
    const first: tf.Tensor2D = tf.reshape(tf.slice(context.vectors, 0, 1), [n, width]);
    return { ...context, scope: 'shared', vectors: first };
  }
  const copies = labels.lengths.length / count;
  return { ...context, vectors: tf.tile(context.vectors as tf.Tensor3D, [copies, 1, 1]) };
}

/** What changes a tower; `fromStart` where its first rows are learned. */
function changesOf(
  tuning: TowerTuning | undefined,
  inserted: InsertedRows | undefined,
  blocks: readonly number[],
  fromStart: boolean,
): TowerChanges {
  const tuned = blocks.findIndex((block) => tuning?.blocks[block]);
  const starts = fromStart || tuning?.input !== undefined || tuning?.lnPre !== undefined;
  const firstOf = [tuned < 0 ? blocks.length : tuned, inserted?.block ?? blocks.length];
  return {
    gradientFrom: starts ? 0 : Math.min(...firstOf),
    tuned: tuned >= 0,
    ...(inserted && { inserted: { block: inserted.block, rows: inserted.rows[0]!.shape[0] } }),
  };
}
