import { dirname, relative } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../config/canonical.js';
import type { Backbone } from '../contracts/backbone.js';
import { CheckpointError } from '../errors.js';
import { backboneIdentity } from '../model/backbone-identity.js';
import type { Classifier } from '../model/classifier.js';
import { describePreprocessing } from '../model/describe-preprocessing.js';
import { readSafetensors, writeSafetensors, type StateDict } from '../safetensors/index.js';
import { firstDifference } from './difference.js';
import { assignValues, variableValues } from './variable-values.js';
import { coreVersion } from './version.js';

/** Layout of the file; a reader refuses higher numbers. */
const FORMAT = 1;

const describedBackbone = z.object({
  name: z.string(),
  digest: z.string(),
  /** How images were brought to the vision tower. Absent in files of earlier versions, whose configuration says it. */
  preprocessing: z
    .object({
      resize: z.enum(['shortest', 'squash']),
      interpolation: z.enum(['bicubic', 'bilinear']),
      size: z.number(),
      mean: z.array(z.number()).readonly(),
      std: z.array(z.number()).readonly(),
    })
    .optional(),
  settings: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  visionWidth: z.number(),
  textWidth: z.number(),
  embedding: z.number(),
});

const description = z.object({
  format: z.number(),
  /** Version of @promptweave/core that wrote the file; any version reads the formats up to its own. */
  version: z.string(),
  backbone: describedBackbone,
  classNames: z.array(z.string()),
  /** The hand-crafted template of the data set. */
  template: z.string(),
  /** The resolved configuration. */
  configuration: z.unknown(),
  /** What its relative paths refer to, as seen from the folder of this file. */
  folder: z.string(),
  /** SHA-256 of the files that its parts read, by the options that name them; absent where there are none. */
  contents: z.record(z.string(), z.string()).optional(),
  /** Optimiser steps behind these values. */
  step: z.number(),
  /** Where the values come from, if not from training here: the name of the imported file. */
  importedFrom: z.string().optional(),
});

/** What a file of learned parts says about itself. */
export type LearnedDescription = z.output<typeof description>;

/** What the writer of such a file has to say; `folder` as seen from the working directory. */
export type LearnedOrigin = Pick<
  LearnedDescription,
  'template' | 'configuration' | 'folder' | 'contents' | 'step' | 'importedFrom'
>;

/** The metadata key that marks our files. */
const KEY = 'promptweave';

/**
 * Writes the learned parts of a classifier, atomically.
 *
 * @param values the values to write instead of the variables' present ones
 */
export async function saveLearned(
  path: string,
  classifier: Classifier,
  origin: LearnedOrigin,
  values?: StateDict,
): Promise<void> {
  const described: LearnedDescription = {
    format: FORMAT,
    version: coreVersion,
    backbone: describe(classifier.parts.backbone),
    classNames: [...classifier.parts.aligner.classNames],
    ...origin,
    folder: relative(dirname(path), origin.folder) || '.',
  };
  await writeSafetensors(path, values ?? (await variableValues(classifier.values)), {
    [KEY]: JSON.stringify(described),
  });
}

/** Reads what a file of learned parts says about itself. @throws CheckpointError where it is none. */
export async function describeLearned(path: string): Promise<LearnedDescription> {
  return (await open(path)).described;
}

/**
 * Loads learned parts into a classifier that is composed of the same parts.
 *
 * The backbone must be the one they were learned on. The class names may be others where neither the prompt learner
 * (`novelClasses: 'swap'`) nor label aligner and head learn anything about single classes. Where these do, load into a
 * classifier for the classes of the file and then call its `withClasses`: what was learned for a name is kept.
 *
 * @throws CheckpointError where the file is none of ours, or does not fit
 */
export async function loadLearned(path: string, classifier: Classifier): Promise<LearnedDescription> {
  const { tensors, described } = await open(path);
  const { backbone, learnerProperties, alignerProperties, headProperties, aligner } = classifier.parts;
  requireBackbone(path, described.backbone, describe(backbone));
  const ofClasses = alignerProperties.trainsLabels || headProperties.ofClasses;
  const swaps = learnerProperties.novelClasses === 'swap' && !ofClasses;
  if (!swaps) requireClasses(path, described.classNames, aligner.classNames);
  assignValues(classifier, tensors, path);
  return described;
}

async function open(path: string): Promise<{ tensors: StateDict; described: LearnedDescription }> {
  const { metadata, tensors } = await readSafetensors(path);
  const text = metadata[KEY];
  if (text === undefined) {
    throw new CheckpointError('This file holds no learned prompts: it does not say what they belong to.', {
      where: path,
      remedy:
        "Use the prompts.safetensors of a run's folder, or bring the authors' checkpoints in with: promptweave import.",
    });
  }
  const json = parseJson(text, path);
  const { format } = z.object({ format: z.number() }).loose().catch({ format: 0 }).parse(json);
  if (format > FORMAT) {
    throw new CheckpointError(`This file has format ${format}, but this version reads formats up to ${FORMAT}.`, {
      where: path,
      remedy: 'Update promptweave.',
    });
  }
  const parsed = description.safeParse(json);
  if (!parsed.success) {
    throw new CheckpointError(`What the file says about itself is damaged: ${z.prettifyError(parsed.error)}`, {
      where: path,
      remedy: 'Take another copy of the file.',
    });
  }
  return { tensors, described: parsed.data };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError('What the file says about itself is not JSON.', {
      where: path,
      remedy: 'Take another copy of the file.',
      cause,
    });
  }
}

function describe(backbone: Backbone): LearnedDescription['backbone'] {
  const { vision, text, embedding } = backbone.shape;
  return {
    name: backbone.name,
    ...backboneIdentity(backbone),
    visionWidth: vision.width,
    textWidth: text.width,
    embedding,
  };
}

function requireBackbone(
  path: string,
  saved: LearnedDescription['backbone'],
  present: LearnedDescription['backbone'],
): void {
  if (saved.digest === present.digest) return requireReading(path, saved, present);
  const widths = (shape: typeof saved): string =>
    `${shape.name}, widths ${shape.visionWidth}/${shape.textWidth}/${shape.embedding}, SHA-256 ${shape.digest.slice(0, 12)}`;
  throw new CheckpointError(
    `These prompts were learned on another backbone: ${widths(saved)}; the present one is ${widths(present)}.`,
    { where: path, remedy: 'Set backbone.checkpoint to the weights that the prompts were learned on, or train anew.' },
  );
}

/** The same weights, but read otherwise: after a change of options, or of the files beside the weights. */
function requireReading(
  path: string,
  saved: LearnedDescription['backbone'],
  present: LearnedDescription['backbone'],
): void {
  const [then, now] = [saved.preprocessing, present.preprocessing];
  if (then && now && canonicalJson(then) !== canonicalJson(now)) {
    const options = Object.entries({
      imageMean: then.mean,
      imageStd: then.std,
      interpolation: then.interpolation,
      resize: then.resize,
    }).map(([name, value]) => `backbone.${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    throw new CheckpointError(
      `These prompts were learned on images prepared in another way: ${describePreprocessing(then)}; now: ${describePreprocessing(now)}.`,
      {
        where: path,
        remedy:
          'An option was set, or a file beside the weights (preprocessor_config.json, open_clip_config.json) has changed or gone since. ' +
          `Undo that, or set, on the command line or in the run's config.yaml: ${options.join(' ')}`,
      },
    );
  }
  const found = saved.settings && firstDifference(saved.settings, present.settings ?? {});
  if (!found) return;
  throw new CheckpointError(
    `These prompts were learned with another ${found.path} of the same weights: ${found.a} there, ${found.b} now.`,
    {
      where: path,
      remedy: `An option was set, or a file beside the weights has changed or gone since: undo that.`,
    },
  );
}

function requireClasses(path: string, saved: readonly string[], present: readonly string[]): void {
  if (saved.length === present.length && saved.every((name, c) => name === present[c])) return;
  const c = saved.findIndex((name, index) => name !== present[index]);
  const difference =
    c < 0 || c >= present.length
      ? `${saved.length} classes there, ${present.length} here`
      : `class ${c} is "${saved[c]}" there and "${present[c]}" here`;
  throw new CheckpointError(`These parts were learned for other classes: ${difference}.`, {
    where: path,
    remedy:
      "Compose the classifier for the file's class names; then change them with withClasses, where the parts can.",
  });
}
