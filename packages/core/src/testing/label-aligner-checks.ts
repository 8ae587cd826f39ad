import * as tf from '@tensorflow/tfjs-core';
import type { LabelEmbeddings } from '../contracts/prompts.js';
import { nameTokens } from '../model/template-tokens.js';
import type { LabelsPlugin } from '../plugin/define-plugin.js';
import { classNames, compose, contextOf, jitter, novelNames, sameValues, train, valuesOf } from './compose.js';
import { demand } from './conformance-error.js';
import * as part from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import { probeLearner } from './probe-learner.js';
import type { Checks, Subject, Suite, VariableFacts } from './suite.js';

/** What the checks of a label aligner need to know. */
export interface LabelAlignerSuite extends Suite, VariableFacts {}

type AlignerSubject = Subject<LabelsPlugin, LabelAlignerSuite>;

/** The aligner on a learner that prompts both towers. */
const learning = ({ backbone, plugin, options, suite }: AlignerSubject): part.LearningPart => ({
  backbone,
  options,
  facts: suite,
  make: (seed) =>
    compose(contextOf(backbone, { seed }), { prompt: { plugin: probeLearner }, labels: { plugin, options } }),
  own: (classifier) => classifier.parts.aligner.variables,
});

/** What every label aligner must do. */
export const labelAlignerChecks: Checks<AlignerSubject> = {
  ...pluginChecks,
  'gives embeddings and anchors of the shapes and values that it promises': checkEmbeddings,
  'gradient reaches exactly the declared variables': (subject) => part.demandGradients(learning(subject)),
  'the gradient is the derivative of the loss (finite differences)': (subject) =>
    part.demandDerivatives(learning(subject)),
  'a batch counts as its images do on their own': (subject) => part.demandMeanOverImages(learning(subject)),
  'training leaves the backbone unchanged': (subject) => part.demandFrozenBackbone(learning(subject)),
  'training leaves the anchors unchanged': checkAnchorsStay,
  'saving and loading gives the same logits': (subject) => part.demandSaveAndLoad(learning(subject)),
  'the same seed gives the same bits, another seed others': (subject) => part.demandSeeds(learning(subject)),
  'keeps what it learned for a name, and only that, when the classes change': checkOtherClasses,
  'leaves no tensor behind': (subject) => part.demandNoLeaks(learning(subject)),
};

function checkEmbeddings({ plugin, options, backbone }: AlignerSubject): void {
  const aligner = plugin.create(contextOf(backbone), options);
  const trains = plugin.properties(options).trainsLabels;
  demand(
    Object.keys(aligner.variables).length > 0 === trains,
    `It has ${Object.keys(aligner.variables).length} variables, but its properties say trainsLabels: ${trains}.`,
  );
  demand(aligner.classNames.join() === classNames.join(), 'Its class names are not those that it was made for.');
  tf.tidy(() => {
    const { width } = backbone.shape.text;
    for (const [what, labels] of [
      ['labels', aligner.labels()],
      ['anchors', aligner.anchors()],
    ] as const) {
      const tokens = labels.lengths.reduce((sum, length) => sum + length, 0);
      demand(labels.lengths.length === classNames.length, `Its ${what} are for ${labels.lengths.length} classes.`);
      const { shape } = labels.names;
      demand(shape.join() === `${tokens},${width}`, `The names of its ${what} have the shape [${shape.join(', ')}].`);
      const after = labels.afterContext?.shape;
      const fits = !after || (after[0] <= classNames.length && after[2] === width);
      demand(fits, `The replacements of its ${what} have the shape [${after?.join(', ')}].`);
    }
    const ids = nameTokens(backbone.tokenizer, classNames).flat();
    const own = sameValues([...aligner.anchors().names.dataSync()], [...backbone.embedTokens(ids).dataSync()]);
    demand(own, "Its anchors are not the backbone's embeddings of the names.");
    const trained = aligner.trained?.();
    demand(
      (trained !== undefined) === trains,
      `trained() gives ${trained ? 'values' : 'nothing'} where it should not.`,
    );
    if (!trained) return;
    const { current, original } = trained;
    demand(current.shape.join() === original.shape.join(), 'Trained and original values differ in shape.');
    demand(sameValues([...current.dataSync()], [...original.dataSync()]), 'It does not start at the original values.');
  });
  aligner.dispose();
}

function checkAnchorsStay(subject: AlignerSubject): void {
  const { make, backbone } = learning(subject);
  const classifier = make();
  const { aligner } = classifier.parts;
  const before = rowsByClass(aligner.anchors);
  part.withBatch(backbone, (batch) => train(classifier, batch, 2));
  const after = rowsByClass(aligner.anchors);
  demand(
    before.every((rows, c) => sameValues(rows, after[c]!)),
    'Its anchors move in training.',
  );
  classifier.dispose();

  function rowsByClass(of: () => LabelEmbeddings): number[][] {
    return embeddingsByClass(of.call(aligner));
  }
}

function checkOtherClasses({ plugin, options, backbone }: AlignerSubject): void {
  const aligner = plugin.create(contextOf(backbone), options);
  jitter(aligner.variables);
  const learned = embeddingsByClass(aligner.labels());
  const values = valuesOf(aligner.variables);
  const other = aligner.withClasses(novelNames);
  demand(
    other.classNames.join() === novelNames.join(),
    'withClasses gives an aligner for other classes than asked for.',
  );
  const [labels, anchors] = [embeddingsByClass(other.labels()), embeddingsByClass(other.anchors())];
  novelNames.forEach((name, c) => {
    const known = classNames.indexOf(name);
    if (known >= 0) demand(sameValues(labels[c]!, learned[known]!), `It forgets what it learned for "${name}".`);
    else demand(sameValues(labels[c]!, untrained(other, c, anchors)), `The new class "${name}" is not untrained.`);
  });
  jitter(other.variables, 6);
  const apart = Object.entries(valuesOf(aligner.variables)).every(([name, now]) => sameValues(now, values[name]!));
  demand(apart, 'Training for other classes changes what was learned before.');
  other.dispose();
  demand(embeddingsByClass(aligner.labels()).length === classNames.length, 'It is gone with its copy.');
  aligner.dispose();
}

function untrained(aligner: ReturnType<LabelsPlugin['create']>, c: number, anchors: number[][]): number[] {
  const after = aligner.trained && tf.tidy(() => aligner.labels().afterContext !== undefined);
  if (!after) return anchors[c]!;
  const { original } = aligner.trained!();
  const size = original.size / aligner.classNames.length;
  return [...anchors[c]!, ...original.dataSync().slice(c * size, (c + 1) * size)];
}

/** Name embeddings, and replacements after the context, of each class; frees the tensors. */
function embeddingsByClass({ names, lengths, afterContext }: LabelEmbeddings): number[][] {
  const values = [...names.dataSync()];
  const width = names.shape[1];
  const extra = afterContext ? [...afterContext.dataSync()] : [];
  const extraSize = afterContext ? extra.length / afterContext.shape[0] : 0;
  tf.dispose(afterContext ? [names, afterContext] : [names]);
  let row = 0;
  return lengths.map((length, c) => {
    const start = row;
    row += length;
    return [...values.slice(start * width, row * width), ...extra.slice(c * extraSize, (c + 1) * extraSize)];
  });
}
