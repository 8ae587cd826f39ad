import * as tf from '@tensorflow/tfjs-core';
import type { LearnerProperties, PromptLearner } from '../contracts/parts.js';
import type { InsertedRows, LearnedPrompts } from '../contracts/prompts.js';
import { PromptweaveError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { normalise } from '../model/maths.js';
import type { PromptPlugin } from '../plugin/define-plugin.js';
import { classNames, compose, contextOf, jitter, logitsOf, novelNames } from './compose.js';
import { demand } from './conformance-error.js';
import * as part from './part-checks.js';
import { pluginChecks } from './plugin-checks.js';
import type { Checks, Subject, Suite, VariableFacts } from './suite.js';

/** What the checks of a prompt learner need to know. */
export interface PromptLearnerSuite extends Suite, VariableFacts {}

type LearnerSubject = Subject<PromptPlugin, PromptLearnerSuite>;

const learning = ({ backbone, plugin, options, suite }: LearnerSubject): part.LearningPart => ({
  backbone,
  options,
  facts: suite,
  make: (seed) => compose(contextOf(backbone, { seed }), { prompt: { plugin, options } }),
  own: (classifier) => classifier.parts.learner.variables,
});

/** What every prompt learner must do. */
export const promptLearnerChecks: Checks<LearnerSubject> = {
  ...pluginChecks,
  'gives prompts of the shapes and kinds that it promises': checkPrompts,
  'gradient reaches exactly the declared variables': (subject) => part.demandGradients(learning(subject)),
  'the gradient is the derivative of the loss (finite differences)': (subject) =>
    part.demandDerivatives(learning(subject)),
  'a batch counts as its images do on their own': (subject) => part.demandMeanOverImages(learning(subject)),
  'training leaves the backbone unchanged': (subject) => part.demandFrozenBackbone(learning(subject)),
  'saving and loading gives the same logits': (subject) => part.demandSaveAndLoad(learning(subject)),
  'the same seed gives the same bits, another seed others': (subject) => part.demandSeeds(learning(subject)),
  'takes other classes if and only if it says so': checkNovelClasses,
  'leaves no tensor behind': (subject) => part.demandNoLeaks(learning(subject)),
};

function checkPrompts({ plugin, options, backbone }: LearnerSubject): void {
  const properties = plugin.properties(options);
  const learner = plugin.create(contextOf(backbone), options);
  tf.tidy(() => {
    const { embedding, text, vision } = backbone.shape;
    const features = normalise(tf.randomNormal([2, embedding], 0, 1, 'float32', 4) as tf.Tensor2D);
    const prompts = learner.prompts(properties.dependsOnImage ? features : undefined);
    checkKinds(prompts, properties);
    if (prompts.text) {
      const { vectors, scope, namePosition, deep } = prompts.text;
      const n = vectors.shape[vectors.rank - 2]!;
      const leading = { shared: [], class: [classNames.length], image: [2] }[scope];
      demandShape('The text context', vectors, [...leading, n, text.width]);
      demand(n >= 1, 'It has a text context of no vectors.');
      demand(deep.length < text.layers, `It has ${deep.length} deep text prompts for ${text.layers} blocks.`);
      deep.forEach((prompt, i) => demandShape(`Deep text prompt ${i + 1}`, prompt, [n, text.width]));
      demand(
        deep.length === 0 || (scope === 'shared' && namePosition === 'end'),
        'Deep text prompts need a shared context before the class name.',
      );
    }
    if (prompts.vision) {
      const { shallow, deep, inserted } = prompts.vision;
      const first = shallow ?? inserted?.rows[0];
      demand(first !== undefined, 'It has vision prompts of no rows.');
      const shape = [first!.shape[0], vision.width];
      demandShape('The vision prompt', first!, shape);
      if (inserted) checkInserted('vision', inserted, shape, vision.layers);
      demand(deep.length < vision.layers, `It has ${deep.length} deep vision prompts for ${vision.layers} blocks.`);
      deep.forEach((prompt, i) => demandShape(`Deep vision prompt ${i + 1}`, prompt, shape));
    }
    if (prompts.insertedText) {
      const { rows } = prompts.insertedText;
      checkInserted('text', prompts.insertedText, [rows[0]?.shape[0] ?? 0, text.width], text.layers);
    }
  });
  checkTemplates(learner, backbone.shape.text.layers);
  learner.dispose();
}

function checkInserted(tower: string, { block, rows }: InsertedRows, shape: number[], layers: number): void {
  demand(
    block >= 1 && rows.length >= 1,
    `Its ${tower} rows are to enter at block ${block}, and it has ${rows.length} of them.`,
  );
  demand(block + rows.length <= layers, `Its ${tower} rows reach block ${block + rows.length - 1} of ${layers}.`);
  rows.forEach((row, i) => demandShape(`Inserted ${tower} rows ${i}`, row, shape));
}

function checkKinds({ text, vision }: LearnedPrompts, { promptsVision, dependsOnImage }: LearnerProperties): void {
  demand(
    (vision !== undefined) === promptsVision,
    `It ${vision ? 'has' : 'has no'} vision prompts, but its properties say promptsVision: ${promptsVision}.`,
  );
  demand(
    (text?.scope === 'image') === dependsOnImage,
    `Its text context has the scope ${text?.scope}, but its properties say dependsOnImage: ${dependsOnImage}.`,
  );
}

function checkTemplates({ template, furtherTemplates = [], textBlocks }: PromptLearner, layers: number): void {
  for (const { before, after } of [template, ...furtherTemplates]) {
    demand([...before, ...after].every(Number.isInteger), 'Its template has tokens that are no ids.');
  }
  if (!textBlocks) return;
  const inRange = textBlocks.every((block) => Number.isInteger(block) && block >= 0 && block < layers);
  demand(textBlocks.length > 0 && inRange, `It runs the text blocks ${textBlocks.join(', ')} of ${layers}.`);
}

function demandShape(what: string, { shape }: tf.Tensor, expected: readonly number[]): void {
  demand(
    shape.join() === expected.join(),
    `${what} has the shape [${shape.join(', ')}], expected [${expected.join(', ')}].`,
  );
}

/** Order of the classes must not matter, and new ones must get what a learner made for them would give. */
function checkNovelClasses({ plugin, options, backbone }: LearnerSubject): void {
  const prompt = { plugin, options };
  const base = compose(contextOf(backbone), { prompt });
  if (plugin.properties(options).novelClasses !== 'swap') return checkRefusal(base);
  jitter(base.variables);
  part.withBatch(backbone, (batch) => {
    const reversed = base.withClasses([...classNames].reverse());
    const rows = (values: readonly number[]) => chunks(values, classNames.length);
    const expected = rows(logitsOf(base, batch)).map((row) => [...row].reverse());
    demandClose('Reversing the classes does not reverse the logits', rows(logitsOf(reversed, batch)), expected);

    const swapped = base.withClasses(novelNames);
    const made = compose(contextOf(backbone, { names: novelNames }), { prompt });
    for (const [name, variable] of Object.entries(base.parts.learner.variables)) made.variables[name]!.assign(variable);
    const [a, b] = [logitsOf(swapped, batch), logitsOf(made, batch)];
    demandClose('Other classes get other logits than from a learner that was made for them', [a], [b]);

    const labelled = base.withLabels(base.parts.aligner.withClasses(novelNames)); // as where classes are learned one after the other
    demandClose('Labels of other classes get other logits than these classes', [logitsOf(labelled, batch)], [b]);
    const again = labelled.withClasses(classNames);
    demandClose('Classes that come back get other logits', [logitsOf(again, batch)], [logitsOf(base, batch)]);
    again.parts.head.dispose();
    for (const { parts } of [reversed, swapped, labelled, again]) parts.aligner.dispose();
    labelled.parts.head.dispose();
    made.dispose();
  });
  base.dispose();
}

/** A learner for its own classes alone must say so rather than compute something. */
function checkRefusal(base: Classifier): void {
  const other = base.withClasses(novelNames);
  let error: unknown;
  try {
    other.predictor().dispose();
  } catch (caught) {
    error = caught;
  }
  other.parts.aligner.dispose();
  base.dispose();
  demand(error instanceof PromptweaveError, `It takes other classes, or fails without saying why: ${String(error)}`);
}

function chunks(values: readonly number[], length: number): number[][] {
  return Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));
}

function demandClose(what: string, actual: number[][], expected: number[][]): void {
  const differences = actual.flat().map((value, i) => Math.abs(value - expected.flat()[i]!));
  const largest = Math.max(...differences);
  demand(actual.flat().length === expected.flat().length && largest < 1e-3, `${what}: they differ by ${largest}.`);
}
