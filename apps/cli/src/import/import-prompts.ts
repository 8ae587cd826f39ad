import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readTorchStateDict } from '@promptweave/backbone-clip';
import { ConfigError } from '@promptweave/core';
import {
  assignVariables,
  hasContents,
  loadPlugins,
  runFiles,
  saveLearned,
  suggestion,
  toYaml,
} from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { compose } from '../composition/compose.js';
import { learnedPart } from './authors-file.js';

/** What to import, and into what. */
export interface ImportRequest {
  /** The authors' checkpoint. */
  readonly file: string;
  /** The configuration that the prompts were trained for. */
  readonly config: string;
  readonly overrides: readonly string[];
  /** Prompt learner, label aligner, head or tuning. */
  readonly method?: string;
  /** Folder of the run to write. */
  readonly out: string;
}

/** What was imported. */
export interface Imported {
  /** Shapes by the names of the variables. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** Names in the file that are not learned: frozen weights and buffers. */
  readonly ignored: readonly string[];
}

/**
 * Checks the names and shapes of the authors' tensors against the classifier that a configuration composes, and writes them as a
 * run.
 * @throws CheckpointError naming the first tensor that is missing, unknown, or of another shape
 */
export async function importPrompts({ file, config, overrides, method, out }: ImportRequest): Promise<Imported> {
  if (existsSync(join(out, runFiles.learned))) {
    throw new ConfigError('This folder holds a run already.', {
      where: out,
      remedy: 'Choose another folder with --out.',
    });
  }
  const saved = await readTorchStateDict(file);
  const chosen = method === undefined ? [] : [await choiceOf(method)];
  const composition = await compose({ configuration: config, overrides: [...chosen, ...overrides] });
  try {
    const { configuration, folder } = composition;
    const { classifier, dataset, backbone, contents, dispose } = await composition.experiment();
    const { text, vision } = backbone.shape;
    const places = {
      ...{ variables: Object.keys(classifier.variables), tuning: configuration.tuning },
      layers: { text: text.layers, vision: vision.layers },
    };
    const { learned, ignored } = learnedPart(saved, places, file);
    assignVariables(classifier.variables, learned, file);
    await mkdir(out, { recursive: true });
    await writeFileAtomic(join(out, runFiles.configuration), toYaml(configuration));
    const { template } = dataset;
    const read = hasContents(contents) && { contents };
    const origin = { template, configuration, folder, step: 0, importedFrom: basename(file), ...read };
    await saveLearned(join(out, runFiles.learned), classifier, origin);
    dispose();
    return { tensors: Object.fromEntries([...learned].map(([name, { shape }]) => [name, shape])), ignored };
  } finally {
    await composition.close();
  }
}

/** The override that chooses a method by its name alone. */
async function choiceOf(method: string): Promise<string> {
  const registry = await loadPlugins(['default'], '.', import.meta.url);
  const sections = ['prompt', 'labels', 'head', 'tuning'] as const;
  const section = sections.find((kind) => registry.find(kind, method));
  if (section) return `${section}.use=${method}`;
  const names = [...new Set(sections.flatMap((kind) => registry.names(kind)))];
  throw new ConfigError(`There is no method called "${method}".${suggestion(method, names, 'There are')}`, {
    where: '--method',
  });
}
