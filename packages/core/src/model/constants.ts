import * as tf from '@tensorflow/tfjs-core';
import type { LabelAligner } from '../contracts/parts.js';
import type { LabelEmbeddings } from '../contracts/prompts.js';
import type { TextPass } from '../contracts/step.js';
import { untouched } from '../builtin/no-tuning.js';
import { textsAreConstant, type ClassifierParts } from './classifier-parts.js';
import { ForwardPass, type Constants } from './forward-pass.js';
import { frozenText } from './frozen-texts.js';
import { keptOutcome } from './kept-outcome.js';
import { keepCopy } from './maths.js';

/** The text pass of every step where nothing on the text side is learned; its tensors are kept. */
export function constantText(parts: ClassifierParts): TextPass | undefined {
  const { needs, backbone, texts } = parts;
  if (!textsAreConstant(parts) || needs.lateBlocks || needs.anchors) return undefined;
  return keptOutcome(() => {
    const step = new ForwardPass({ ...parts, backbone: frozenText(backbone, texts) }, noImages());
    const { text, raw, features } = step.texts[0]!;
    const rows = (): never => {
      throw new Error('No hidden states were asked for.');
    };
    const kept = keepCopy(raw);
    return {
      text: { ...text, prefix: keepCopy(text.prefix), branches: keepCopy(text.branches), deep: [] },
      encoding: { features: kept, kept: 0, rows },
      raw: kept,
      features: keepCopy(features),
    };
  });
}

/** Features of the untrained labels where nothing else is learned, [C, E], normalised; kept. */
export function constantAnchors(parts: ClassifierParts): tf.Tensor2D | undefined {
  const { backbone, learner, learnerProperties, aligner, needs, texts } = parts;
  const constant = Object.keys(learner.variables).length === 0 && !learnerProperties.dependsOnImage;
  if (!needs.anchors || !constant) return undefined;
  return tf.tidy(() => {
    const frozen = {
      ...parts,
      ...{ backbone: frozenText(backbone, texts), aligner: untrained(aligner), tuning: untouched, needs: {} },
    };
    return keepCopy(new ForwardPass(frozen, noImages()).texts[0]!.features);
  });
}

export function disposeConstants({ text, anchors }: Constants = {}): void {
  tf.dispose([anchors, text && [text.text.prefix, text.text.branches, text.raw, text.features]] as tf.TensorContainer);
}

function noImages() {
  return { labels: tf.tensor1d([0], 'int32') };
}

/** The anchors of an aligner as labels. */
function untrained(aligner: LabelAligner): LabelAligner {
  const { classNames } = aligner;
  const anchors = (): LabelEmbeddings => aligner.anchors();
  const withClasses = (names: readonly string[]): LabelAligner => untrained(aligner.withClasses(names));
  return { variables: {}, classNames, labels: anchors, anchors, withClasses, dispose: () => undefined };
}
