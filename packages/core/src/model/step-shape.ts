import * as tf from '@tensorflow/tfjs-core';
import type { LabelEmbeddings, Prompts, TextContext } from '../contracts/prompts.js';
import type { StepShape } from '../contracts/work.js';
import { assembleText, concatLabels } from './assemble-text.js';
import type { ClassifierParts } from './classifier-parts.js';

/**
 * What a training step of these parts computes, found out by putting the prompts together without encoding them.
 *
 * @param batch images
 * @param featuresKnown image features come from a store
 */
export function stepShape(parts: ClassifierParts, batch: number, featuresKnown = false): StepShape {
  const { backbone, learner, learnerProperties, aligner, needs } = parts;
  const { dependsOnImage, promptsVision } = learnerProperties;
  const learns = Object.keys(learner.variables).length > 0;
  const anchorsToo = needs.anchors === true && (learns || dependsOnImage);
  const counts = { prefix: 0, branches: [] as readonly number[], context: false, ofImage: false, visionPrompts: 0 };
  tf.tidy(() => {
    const image = dependsOnImage ? tf.ones<tf.Rank.R2>([1, backbone.shape.embedding]) : undefined;
    const { text, vision } = learner.prompts(image);
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
    counts.visionPrompts = promptsVision ? promptRows(vision) : 0;
  });
  return {
    batch,
    text: {
      prefix: counts.prefix,
      branches: counts.branches,
      padded: needs.lateBlocks && needs.padding ? aligner.classNames.length : 0,
      blocks: learner.textBlocks?.length ?? backbone.shape.text.layers,
      hiddenStates: (needs.lateBlocks ?? 0) > 0,
    },
    textPasses: (1 + (learner.furtherTemplates?.length ?? 0)) * (counts.ofImage ? batch : 1),
    textGradient: Object.keys(aligner.variables).length > 0 || (learns && counts.context),
    visionPrompts: counts.visionPrompts,
    visionGradient: promptsVision && learns,
    featuresKnown: featuresKnown && !promptsVision,
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

function promptRows(vision: Prompts | undefined): number {
  return vision?.shallow?.shape[0] ?? vision?.inserted?.rows[0]?.shape[0] ?? 0;
}
