import * as tf from '@tensorflow/tfjs-core';
import type { TextRequest } from '../contracts/backbone.js';
import type { LearnedPrompts } from '../contracts/prompts.js';
import type { Batch, Reference, TextPass, TrainingStep } from '../contracts/step.js';
import type { TowerTunings } from '../contracts/tuning.js';
import { imagesAreConstant, type ClassifierParts } from './classifier-parts.js';
import { Compared } from './compared.js';
import { encodeImages, type EncodedImages } from './encode-images.js';
import { cosineLogits, normalise, unstackMatrices } from './maths.js';
import { Once } from './once.js';
import { encodeReference, sentenceStates } from './reference.js';
import { TextTower } from './text-tower.js';
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
      const tower = new TextTower(this.parts, this.towers.text, this.constants.anchors);
      if (context?.scope !== 'image') return [tower.encode(this.prompts)];
      return unstackMatrices(context.vectors as tf.Tensor3D).map((vectors) => {
        const ofImage = { ...context, scope: 'shared' as const, vectors };
        return tower.encode({ ...this.prompts, text: ofImage });
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

  sentenceStates(sentences: readonly string[], request: Pick<TextRequest, 'blocks' | 'keepLast'>): tf.Tensor2D[] {
    return sentenceStates(this.parts, sentences, request);
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
}
