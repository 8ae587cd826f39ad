import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  definePlugin,
  disposeVariables,
  nameTokens,
  variablesFrom,
  type LabelAligner,
  type LabelsPlugin,
  type PartContext,
} from '@promptweave/core';
import { frozenLabels } from '@promptweave/core/experiment';
import { checkLabelAligner, ConformanceError, describeLabelAligner } from '@promptweave/core/testing';
import { describe, expect, it } from 'vitest';
import { backbone, failure } from './faulty-parts.test.support.js';

/** A stranger's label aligner: every class's token embeddings are moved by one learned vector of the class. */
class ShiftedLabels implements LabelAligner {
  readonly variables;
  private readonly ids: readonly number[][];

  constructor(
    readonly context: Pick<PartContext, 'backbone' | 'classNames'>,
    private readonly known: ReadonlyMap<string, readonly number[]> = new Map(),
  ) {
    const { backbone: clip, classNames } = context;
    this.ids = nameTokens(clip.tokenizer, classNames);
    const { width } = clip.shape.text;
    const start = classNames.flatMap((name) => known.get(name) ?? new Array<number>(width).fill(0));
    this.variables = variablesFrom({ shift: tf.tensor2d(start, [classNames.length, width]) });
  }

  get classNames(): readonly string[] {
    return this.context.classNames;
  }

  labels() {
    const lengths = this.ids.map((ids) => ids.length);
    const ofRow = lengths.flatMap((length, c) => new Array<number>(length).fill(c));
    const names = tf.tidy(() => {
      const oneHot = tf.cast(tf.oneHot(tf.tensor1d(ofRow, 'int32'), lengths.length), 'float32') as tf.Tensor2D;
      return tf.add(this.context.backbone.embedTokens(this.ids.flat()), tf.matMul(oneHot, this.shift)) as tf.Tensor2D;
    });
    return { names, lengths };
  }

  anchors() {
    return {
      names: this.context.backbone.embedTokens(this.ids.flat()),
      lengths: this.ids.map((ids) => ids.length),
    };
  }

  trained() {
    return { current: this.variables.shift, original: tf.zerosLike(this.variables.shift) };
  }

  withClasses(classNames: readonly string[]): ShiftedLabels {
    const values = this.shift.arraySync();
    const known = new Map(this.classNames.map((name, c) => [name, values[c]!]));
    return new ShiftedLabels({ ...this.context, classNames }, new Map([...this.known, ...known]));
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private get shift(): tf.Tensor2D {
    return this.variables.shift as tf.Tensor as tf.Tensor2D;
  }
}

const shiftLabels: LabelsPlugin = definePlugin({
  kind: 'labels',
  name: 'shift',
  description: 'One learned vector for each class.',
  options: z.strictObject({}),
  properties: () => ({ trainsLabels: true }),
  create: (context) => new ShiftedLabels(context),
});

const suite = { backbone, fixedStart: () => true };

describeLabelAligner(shiftLabels, suite);
describeLabelAligner(frozenLabels, { backbone });

/** The stranger's labels with something wrong. */
const labelsWith = (Spoilt: typeof ShiftedLabels): LabelsPlugin => ({
  ...shiftLabels,
  create: (context) => new Spoilt(context),
});

const faultyAligners: readonly [string, LabelsPlugin, RegExp][] = [
  [
    'forgets what it learned',
    labelsWith(
      class extends ShiftedLabels {
        override withClasses(classNames: readonly string[]) {
          return new ShiftedLabels({ ...this.context, classNames });
        }
      },
    ),
    /It forgets what it learned for "owl"/,
  ],
  [
    'has anchors that are learned',
    labelsWith(
      class extends ShiftedLabels {
        override anchors() {
          return this.labels();
        }
      },
    ),
    /training leaves the anchors unchanged: Its anchors move/,
  ],
  [
    'says that it does not train',
    { ...shiftLabels, properties: () => ({ trainsLabels: false }) },
    /It has 1 variables, but its properties say trainsLabels: false/,
  ],
  [
    'keeps a tensor whenever it is asked',
    labelsWith(
      class extends ShiftedLabels {
        override labels() {
          tf.keep(tf.scalar(1));
          return super.labels();
        }
      },
    ),
    /leaves no tensor behind/,
  ],
];

describe('the suite without a test runner', () => {
  it('passes for a right aligner', () => checkLabelAligner(shiftLabels, suite));

  it.each(faultyAligners)('fails for one that %s', async (_, plugin, message) => {
    const error = await failure(checkLabelAligner(plugin, suite));
    expect(error).toBeInstanceOf(ConformanceError);
    expect(error.message).toMatch(message);
  });
});
