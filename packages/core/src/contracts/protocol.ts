import type { Dataset } from './dataset.js';
import type { Evaluation, EvaluationSet } from './evaluation.js';

/** A data set as a protocol's options name it: its name alone, or with options. */
export type DatasetChoice =
  | string
  | {
      /** Name of the data set's plugin. */
      readonly use: string;
      readonly [option: string]: unknown;
    };

/** What a protocol chooses its evaluations from. */
export interface ProtocolContext {
  /** The classes that were trained (first) and their images. */
  readonly dataset: Dataset;
  /** The same data set with other classes. */
  classes(which: 'all' | 'base' | 'novel'): Promise<Dataset>;
  /** The same data set with all of its classes and images, also those that were not drawn for training. */
  whole(): Promise<Dataset>;
  /**
   * Another data set with all of its classes. Options that the choice leaves out are those of the trained data set, where the other
   * has options of these names (`root`).
   */
  load(choice: DatasetChoice): Promise<Dataset>;
}

/** Outcomes by the names of the evaluation sets. */
export type Evaluations = Readonly<Record<string, Evaluation>>;

/** What a run took. */
export interface RunCosts {
  /** Learned parameters, those that a head was fitted to (and keeps of the training images) among them. */
  readonly parameters: number;
  /** Median seconds of an optimiser step, waiting for images included; undefined where nothing is learned. */
  readonly stepSeconds?: number;
  /** Largest resident memory of the process so far, bytes; memory of a GPU is not in it. */
  readonly peakBytes: number;
  /** Images that the evaluations went through in a second. */
  readonly imagesPerSecond: number;
}

/** What a figure is, besides its name: names may be a user's, and nothing is read out of them. */
export interface FigureKind {
  /** Without one, the figure is a fraction in [0, 1], which tables show as percent. */
  readonly unit?: string;
  /** Which of two values is the better one. Default: more. */
  readonly better?: 'more' | 'less';
  /** This figure tells most: the best of several runs is chosen by it. Default: the first figure. */
  readonly leads?: boolean;
}

/** A figure that is no plain fraction of which more is better. */
export interface MeasuredFigure extends FigureKind {
  /** In its unit; without one, a fraction in [0, 1]. */
  readonly value: number;
}

/** The figures that a protocol's table shows, in its order; a number alone is a fraction in [0, 1] of which more is better. */
export type ProtocolSummary = Readonly<Record<string, number | MeasuredFigure>>;

/** An evaluation protocol: what is trained on, what is tested on, and which figures tell the result. */
export interface Protocol<Options = Readonly<Record<string, unknown>>> {
  /** Classes that are trained on. */
  readonly trainsOn: 'all' | 'base';
  /** Tests on classes that the prompts were not trained on. */
  readonly testsNovelClasses: boolean;
  /** Nothing is learned: the parts must have nothing to learn. */
  readonly trainsNothing?: boolean;
  /**
   * Classes that are learned in a second training, after the first. The evaluations of both are then told apart by the
   * beginnings `before/` and `after/` of their names.
   */
  readonly thenTrainsOn?: 'novel';
  /** What a run takes is part of its result: each runs in a process of its own, and takes nothing that others have computed. */
  readonly measuresCosts?: boolean;
  /** Further data sets that the options name; they are checked before anything is run. */
  datasets?(options: Options): readonly DatasetChoice[];
  /** What a trained classifier is tested on. */
  evaluations(context: ProtocolContext, options: Options): Promise<readonly EvaluationSet[]>;
  /** The figures of a trained classifier. `evaluations` has the names that {@link Protocol.evaluations} gave to its sets. */
  summary(evaluations: Evaluations, costs: RunCosts): ProtocolSummary;
}
