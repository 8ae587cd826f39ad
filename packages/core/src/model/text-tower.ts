import * as tf from '@tensorflow/tfjs-core';
import type { LabelEmbeddings, LearnedPrompts, TemplateTokens, TextContext } from '../contracts/prompts.js';
import type { TextPass } from '../contracts/step.js';
import type { TowerTuning } from '../contracts/tuning.js';
import { assembleText, concatLabels } from './assemble-text.js';
import type { ClassifierParts } from './classifier-parts.js';
import { meanDirection, normalise } from './maths.js';

/** The learned text side of a classifier in one step. */
export class TextTower {
  private readonly classes: number;

  /**
   * @param tuning what is learned within the tower
   * @param anchors that no learned part moves, computed before, [C, E], normalised
   */
  constructor(
    private readonly parts: ClassifierParts,
    private readonly tuning?: TowerTuning,
    private readonly anchors?: tf.Tensor2D,
  ) {
    this.classes = parts.aligner.classNames.length;
  }

  /** One text pass; the prompts are one image's where the context depends on it. */
  encode(prompts: LearnedPrompts): TextPass {
    const { template, furtherTemplates = [] } = this.parts.learner;
    const first = this.encodeTemplate(prompts, template);
    if (furtherTemplates.length === 0) return first;
    const passes = [first, ...furtherTemplates.map((further) => this.encodeTemplate(prompts, further))];
    return {
      ...first,
      features: meanDirection(passes.map((pass) => pass.features)),
      anchors: this.anchors ?? (first.anchors && meanDirection(passes.map((pass) => pass.anchors!))),
    };
  }

  private encodeTemplate(prompts: LearnedPrompts, template: TemplateTokens): TextPass {
    const { aligner, needs } = this.parts;
    const { tuning } = this;
    if (!needs.anchors || this.anchors) {
      const pass = this.encodeLabels(prompts, template, aligner.labels(), tuning);
      return { ...pass, anchors: this.anchors };
    }
    if (tuning) {
      // Anchors belong to the frozen tower: a pass of their own.
      const pass = this.encodeLabels(prompts, template, aligner.labels(), tuning);
      return { ...pass, anchors: this.encodeLabels(prompts, template, aligner.anchors()).features };
    }
    const both = { ...prompts, text: twice(prompts.text) };
    const pass = this.encodeLabels(both, template, concatLabels(aligner.labels(), aligner.anchors()));
    const half = (of: tf.Tensor2D, from: number): tf.Tensor2D => tf.slice(of, [from, 0], [this.classes, -1]);
    return {
      ...pass,
      raw: half(pass.raw, 0),
      features: half(pass.features, 0),
      anchors: half(pass.features, this.classes),
    };
  }

  private encodeLabels(
    prompts: LearnedPrompts,
    template: TemplateTokens,
    labels: LabelEmbeddings,
    tuning?: TowerTuning,
  ): TextPass {
    const { backbone, learner, aligner, needs } = this.parts;
    const { classNames } = aligner;
    const text = assembleText(backbone, {
      template,
      context: prompts.text,
      inserted: prompts.insertedText,
      labels,
      classNames,
    });
    const encoding = backbone.encodeText(text, {
      blocks: learner.textBlocks,
      keepLast: needs.lateBlocks,
      paddedClasses: needs.padding ? this.classes : 0,
      constantRows: !prompts.text && Object.keys(aligner.variables).length === 0,
      ...(tuning && { tuning }),
    });
    return { text, encoding, raw: encoding.features, features: normalise(encoding.features) };
  }
}

/** Context of the classes and, the same again, of their anchors. */
function twice(context: TextContext | undefined): TextContext | undefined {
  const again = (x: tf.Tensor3D): tf.Tensor3D => tf.concat([x, x], 0);
  if (!context) return context;
  const { ofClasses } = context;
  return {
    ...context,
    ...(context.scope === 'class' && { vectors: again(context.vectors as tf.Tensor3D) }),
    ...(ofClasses && { ofClasses: { ...ofClasses, rows: again(ofClasses.rows) } }),
  };
}
