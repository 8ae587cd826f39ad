import * as tf from '@tensorflow/tfjs-core';
import type { TextRequest } from '../contracts/backbone.js';
import type { LearnedPrompts, TemplateTokens, TextContext } from '../contracts/prompts.js';
import type { Batch, Reference, TextPass, TrainingStep } from '../contracts/step.js';
import { assembleText, concatLabels } from './assemble-text.js';
import type { ClassifierParts } from './classifier-parts.js';
import { cosineLogits, meanDirection, normalise, unstackMatrices } from './maths.js';
import { encodeReference } from './reference.js';

/** What a classifier computes of one batch. */
export class ForwardPass implements TrainingStep {
  readonly labels: tf.Tensor1D;
  private readonly memo = new Map<string, unknown>();

  /** @param constantAnchors anchors that no learned part moves, computed before [C, E], normalised. */
  constructor(
    readonly parts: ClassifierParts,
    private readonly batch: Batch,
    private readonly constantAnchors?: tf.Tensor2D,
  ) {
    this.labels = batch.labels;
  }

  get batchSize(): number {
    return this.labels.shape[0];
  }

  get classes(): number {
    return this.parts.aligner.classNames.length;
  }

  get imageFeatures(): tf.Tensor2D {
    return this.once('imageFeatures', () => normalise(this.rawImageFeatures));
  }

  get rawImageFeatures(): tf.Tensor2D {
    return this.once('rawImageFeatures', () => {
      if (this.batch.features) return this.batch.features;
      if (!this.batch.images) throw new Error('A batch needs images or image features.');
      const { backbone, learnerProperties } = this.parts;
      return backbone.encodeImages(
        this.batch.images,
        learnerProperties.promptsVision ? this.prompts.vision : undefined,
      );
    });
  }

  get prompts(): LearnedPrompts {
    return this.once('prompts', () =>
      this.parts.learner.prompts(this.parts.learnerProperties.dependsOnImage ? this.imageFeatures : undefined),
    );
  }

  get texts(): readonly TextPass[] {
    return this.once('texts', () => {
      const context = this.prompts.text;
      if (context?.scope !== 'image') return [this.encode(this.prompts)];
      return unstackMatrices(context.vectors as tf.Tensor3D).map((vectors) => {
        const ofImage = { ...context, scope: 'shared' as const, vectors };
        return this.encode({ ...this.prompts, text: ofImage });
      });
    });
  }

  get logits(): tf.Tensor2D {
    return this.once('logits', () => this.compare((pass) => pass.features));
  }

  get anchorLogits(): tf.Tensor2D {
    return this.once('anchorLogits', () => this.compare((pass) => pass.anchors!));
  }

  ofLabels(features: (pass: TextPass) => tf.Tensor2D): tf.Tensor2D {
    if (this.texts.length === 1) return tf.gather(features(this.texts[0]!), this.labels);
    const labels = this.labels.dataSync();
    return tf.concat(this.texts.map((pass, image) => tf.slice(features(pass), [labels[image]!, 0], [1, -1])));
  }

  reference(template: string, request?: TextRequest): Reference {
    return encodeReference(this.parts, template, request);
  }

  private compare(features: (pass: TextPass) => tf.Tensor2D): tf.Tensor2D {
    const { logitScale } = this.parts.backbone;
    if (this.texts.length === 1) return cosineLogits(this.imageFeatures, features(this.texts[0]!), logitScale);
    return tf.concat(
      this.texts.map((pass, image) =>
        cosineLogits(tf.slice(this.imageFeatures, [image, 0], [1, -1]), features(pass), logitScale),
      ),
    );
  }

  private encode(prompts: LearnedPrompts): TextPass {
    const { template, furtherTemplates = [] } = this.parts.learner;
    const first = this.encodeTemplate(prompts, template);
    if (furtherTemplates.length === 0) return first;
    const passes = [first, ...furtherTemplates.map((further) => this.encodeTemplate(prompts, further))];
    return {
      ...first,
      features: meanDirection(passes.map((pass) => pass.features)),
      anchors: this.constantAnchors ?? (first.anchors && meanDirection(passes.map((pass) => pass.anchors!))),
    };
  }

  private encodeTemplate(prompts: LearnedPrompts, template: TemplateTokens): TextPass {
    const { backbone, learner, aligner, needs } = this.parts;
    const anchorsToo = needs.anchors && !this.constantAnchors;
    const labels = aligner.labels();
    const text = assembleText(backbone, {
      template,
      context: anchorsToo ? forLabelsAndAnchors(prompts.text) : prompts.text,
      labels: anchorsToo ? concatLabels(labels, aligner.anchors()) : labels,
      classNames: aligner.classNames,
    });
    const encoding = backbone.encodeText(text, {
      blocks: learner.textBlocks,
      keepLast: needs.lateBlocks,
      paddedClasses: needs.padding ? this.classes : 0,
    });
    const features = normalise(encoding.features);
    if (!anchorsToo) return { text, encoding, features, anchors: this.constantAnchors };
    return {
      text,
      encoding,
      features: tf.slice(features, [0, 0], [this.classes, -1]),
      anchors: tf.slice(features, [this.classes, 0], [this.classes, -1]),
    };
  }

  private once<T>(key: string, compute: () => T): T {
    if (!this.memo.has(key)) this.memo.set(key, compute());
    return this.memo.get(key) as T;
  }
}

/** Context of the classes and, the same again, of their anchors. */
function forLabelsAndAnchors(context: TextContext | undefined): TextContext | undefined {
  if (context?.scope !== 'class') return context;
  const vectors = context.vectors as tf.Tensor3D;
  return { ...context, vectors: tf.concat([vectors, vectors], 0) };
}
