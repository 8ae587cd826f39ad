import { ConfigError, type Savings, type StepWork, type WorkOptions } from '@promptweave/core';
import {
  estimatedBytes,
  lengthOf,
  trainingPhases,
  trainingShape,
  type Experiment,
  type Phase,
} from '@promptweave/core/experiment';

/** One way to compute a training step. */
export interface CostRow {
  readonly way: string;
  /** Of one step, forward and backward. */
  readonly textFlops: number;
  readonly visionFlops: number;
  /** Estimated peak beyond the process that holds the backbone, training and evaluation. */
  readonly bytes: number;
  /** Expected seconds of a step on this machine. */
  readonly seconds: number;
}

/** What a configuration costs on this machine. */
export interface CostReport {
  readonly classes: number;
  readonly batch: number;
  readonly steps: number;
  readonly epochs: number;
  /** Floating point operations a second of a large matrix product. */
  readonly peak: number;
  /** As configured; of the first phase, where there are two. */
  readonly step: CostRow & Pick<StepWork, 'textRows' | 'visionRows' | 'chunks'>;
  readonly secondsPerEpoch: number;
  readonly secondsOfTraining: number;
  /** From the dense reference on, one more saving a row. */
  readonly savings: readonly CostRow[];
  /** Settings that trade time for memory, or fresh augmentation for time. */
  readonly options: readonly CostRow[];
}

/**
 * Shares of the matrix product's peak that whole towers reach, with all that is not a matrix product: as measured by
 * `promptweave bench speed` on a 2-core CPU.
 */
const SHARES = { frozen: { vision: 0.8, text: 0.65 }, dense: { vision: 0.6, text: 0.5 } } as const;

const DENSE: Savings = { noPadding: false, sharedPrefix: false, lastBlock: false, frozenBlocks: false };

/**
 * Counts and estimates a configuration's training step.
 *
 * @param peak floating point operations a second, see `measureMatmulRate`
 * @throws ConfigError where the backbone does not know its work
 */
export function costOf({ configuration, classifier, dataset }: Experiment, peak: number): CostReport {
  const { runtime } = configuration;
  const { parts } = classifier;
  const phases = trainingPhases(classifier, configuration.train, dataset);
  const classes = parts.aligner.classNames.length;
  const row = (way: string, options: WorkOptions, known?: boolean, phase: Phase = phases[0]!): CostRow & StepWork => {
    const { augment, views, batch } = phase.settings;
    const featuresKnown = known ?? (!augment || views !== undefined);
    const shape = trainingShape(phase, featuresKnown && phase.classifier.imageFeaturesAreConstant);
    const work = parts.backbone.work?.(shape, options);
    if (!work) {
      throw new ConfigError(`The backbone "${configuration.backbone.use}" does not tell what a step costs.`, {
        where: 'backbone',
        remedy: 'Give it the method work() of the Backbone contract.',
      });
    }
    const request = { classifier: phase.classifier, batch, featuresKnown };
    const frozen = options.savings?.frozenBlocks ?? runtime.fast;
    const shares = frozen ? SHARES.frozen : SHARES.dense;
    const seconds = (work.textFlops / shares.text + work.visionFlops / shares.vision) / peak;
    return { ...work, way, bytes: estimatedBytes(request, options)!, seconds };
  };
  const all = { recompute: false, classChunk: classes * 2 };
  const noPadding = { ...DENSE, noPadding: true };
  const sharedPrefix = { ...noPadding, sharedPrefix: true };
  const lastBlock = { ...sharedPrefix, lastBlock: true };
  const fast = { ...lastBlock, frozenBlocks: true };
  const { steps, epochs } = lengthOf(phases);
  const step = row('as configured', {});
  const secondsOfTraining = phases.reduce((sum, phase) => {
    const { seconds } = row('as configured', {}, undefined, phase);
    return sum + seconds * phase.settings.accumulate * phase.plan.steps;
  }, 0);
  return {
    classes,
    batch: phases[0]!.settings.batch,
    steps,
    epochs,
    peak,
    step,
    secondsPerEpoch: secondsOfTraining / epochs,
    secondsOfTraining,
    savings: [
      row('dense reference (runtime.fast=false)', { ...all, savings: DENSE }, false),
      row('+ no rows after the end of text', { ...all, savings: noPadding }, false),
      row('+ prefix once for all classes', { ...all, savings: sharedPrefix }, false),
      row('+ last block: read rows alone', { ...all, savings: lastBlock }, false),
      row('+ frozen blocks (the fast path)', { ...all, savings: fast }, false),
      ...(phases[0]!.classifier.imageFeaturesAreConstant
        ? [row('+ stored image features (train.augment=false, or train.views)', { ...all, savings: fast }, true)]
        : []),
    ],
    options: [
      row('backbone.recompute=true', { recompute: true }),
      ...[4, 16]
        .filter((parts) => classes >= 2 * parts)
        .map((parts) => Math.ceil(classes / parts))
        .map((classChunk) => row(`backbone.classChunk=${classChunk}`, { classChunk })),
    ],
  };
}
