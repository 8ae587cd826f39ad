import * as tf from '@tensorflow/tfjs-core';
import type { TextRequest } from '../contracts/backbone.js';
import type { LabelEmbeddings, LearnedPrompts, TemplateTokens, TextContext } from '../contracts/prompts.js';
import type { Batch, Reference, TextPass, TrainingStep } from '../contracts/step.js';
import type { TowerTuning, TowerTunings } from '../contracts/tuning.js';
import { assembleText, concatLabels } from './assemble-text.js';
import { imagesAreConstant, type ClassifierParts } from './classifier-parts.js';
import { Compared } from './compared.js';
import { encodeImages, type EncodedImages } from './encode-images.js';
import { cosineLogits, meanDirection, normalise, unstackMatrices } from './maths.js';
import { Once } from './once.js';
import { encodeReference } from './reference.js';
import { withoutTape } from './without-tape.js';

/** What was computed before and holds for every step. */
export interface Constants {
  /** Anchors that no learned part moves, [C, E], normalised. */
  readonly anchors?: tf.Tensor2D;
  /** The text pass, where nothing on the text side is learned. */
  readonly text?: TextPass;
}

/** How a step is computed. */
export interface StepOptions {
  readonly constants?: Constants;
  /** Seed of this step's random numbers; none are drawn without it. */
  readonly seed?: number;
}

/** What a classifier computes of one batch. */
export class ForwardPass implements TrainingStep {
  readonly labels: tf.Tensor1D;
  private readonly memo = new Once();
  private readonly constants: Constants;
  private readonly seed?: number;

  constructor(
    readonly parts: ClassifierParts,
    private readonly batch: Batch,
    { constants = {}, seed }: StepOptions = {},
  ) {
    this.labels = batch.labels;
    this.constants = constants;
    this.seed = seed;
  }

  get batchSize(): number {
    return this.labels.shape[0];
  }

  get classes(): number {
    return this.parts.aligner.classNames.length;
  }

  get imageFeatures(): tf.Tensor2D {
    return this.memo.get('imageFeatures', () => normalise(this.rawImageFeatures));
  }

  get rawImageFeatures(): tf.Tensor2D {
    return this.batch.features ?? this.encodedImages.features;
  }

  get promptRows(): tf.Tensor3D | undefined {
    return this.encodedImages.promptRows;
  }

  get frozenImageFeatures(): tf.Tensor2D {
    return this.memo.get('frozenImageFeatures', () => {
      const { features, frozenFeatures, images } = this.batch;
      if (features ?? frozenFeatures) return (features ?? frozenFeatures)!;
      if (imagesAreConstant(this.parts)) return this.rawImageFeatures;
      return withoutTape(() => this.parts.backbone.encodeImages(images!));
    });
  }

  get prompts(): LearnedPrompts {
    return this.memo.get('prompts', () =>
      this.parts.learner.prompts(this.parts.learnerProperties.dependsOnImage ? this.imageFeatures : undefined),
    );
  }

  get texts(): readonly TextPass[] {
    return this.memo.get('texts', () => {
      if (this.constants.text) return [this.constants.text];
      const context = this.prompts.text;
      if (context?.scope !== 'image') return [this.encode(this.prompts)];
      return unstackMatrices(context.vectors as tf.Tensor3D).map((vectors) => {
        const ofImage = { ...context, scope: 'shared' as const, vectors };
        return this.encode({ ...this.prompts, text: ofImage });
      });
    });
  }

  get logits(): tf.Tensor2D {
    return this.memo.get('logits', () => this.judge(true));
  }

  get answers(): tf.Tensor2D {
    return this.memo.get('answers', () => this.judge(false));
  }

  get cosineLogits(): tf.Tensor2D {
    return this.memo.get('cosineLogits', () => this.compare((pass) => pass.features));
  }

  get anchorLogits(): tf.Tensor2D {
    return this.memo.get('anchorLogits', () => this.compare((pass) => pass.anchors!));
  }

  ofLabels(features: (pass: TextPass) => tf.Tensor2D): tf.Tensor2D {
    if (this.texts.length === 1) return tf.gather(features(this.texts[0]!), this.labels);
    const labels = this.labels.dataSync();
    return tf.concat(this.texts.map((pass, image) => tf.slice(features(pass), [labels[image]!, 0], [1, -1])));
  }

  reference(template: string, request?: TextRequest): Reference {
    return encodeReference(this.parts, template, request);
  }

  private get towers(): TowerTunings {
    return this.memo.get('towers', () => this.parts.tuning.towers(this.seed));
  }

  private get encodedImages(): EncodedImages {
    return this.memo.get('encodedImages', () => {
      if (!this.batch.images) throw new Error('A batch needs images or image features.');
      const prompts = this.parts.learnerProperties.promptsVision ? this.prompts.vision : undefined;
      return encodeImages(this.parts, this.batch.images, prompts, this.towers.vision);
    });
  }

  /** Logits of the head: of all images together, or of each with its own text. */
  private judge(training: boolean): tf.Tensor2D {
    const { head, headProperties, backbone } = this.parts;
    const { logitScale } = backbone;
    const promptRows = headProperties.readsPromptRows ? this.promptRows : undefined;
    const { texts } = this;
    if (texts.length === 1) {
      const { raw, features } = texts[0]!;
      return head.logits(
        new Compared({
          ...{ rawTexts: raw, texts: features, logitScale, training, promptRows },
          rawImages: () => this.rawImageFeatures,
          images: () => this.imageFeatures,
          cosineLogits: () => this.cosineLogits,
        }),
      );
    }
    return tf.concat(
      texts.map(({ raw, features }, image) => {
        const own = (of: tf.Tensor2D): tf.Tensor2D => tf.slice(of, [image, 0], [1, -1]);
        return head.logits(
          new Compared({
            ...{ rawTexts: raw, texts: features, logitScale, training },
            promptRows: promptRows && tf.slice(promptRows, [image, 0, 0], [1, -1, -1]),
            rawImages: () => own(this.rawImageFeatures),
            images: () => own(this.imageFeatures),
          }),
        );
      }),
    );
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
      anchors: this.constants.anchors ?? (first.anchors && meanDirection(passes.map((pass) => pass.anchors!))),
    };
  }

  private encodeTemplate(prompts: LearnedPrompts, template: TemplateTokens): TextPass {
    const { aligner, needs } = this.parts;
    const tuning = this.towers.text;
    if (!needs.anchors || this.constants.anchors) {
      const pass = this.encodeLabels(prompts, template, aligner.labels(), tuning);
      return { ...pass, anchors: this.constants.anchors };
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
