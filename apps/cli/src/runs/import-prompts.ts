import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readTorchStateDict } from '@promptweave/backbone-clip';
import { CheckpointError, ConfigError, type StateDict } from '@promptweave/core';
import { assignVariables, loadPlugins, runFiles, saveLearned, suggestion, toYaml } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { compose } from '../composition/compose.js';

/** What to import, and into what. */
export interface ImportRequest {
  /** The authors' checkpoint. */
  readonly file: string;
  /** The configuration that the prompts were trained for. */
  readonly config: string;
  readonly overrides: readonly string[];
  /** Prompt learner or label aligner. */
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

/** Where the authors' models keep what is learned, beside the whole of CLIP. */
const LEARNER = 'prompt_learner.';

/** Buffers of the authors' modules: the embeddings of the fixed tokens, which are computed here. */
const BUFFERS = /^token_(prefix|suffix|middle)/;

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
  const { tensors } = await readTorchStateDict(file);
  const { learned, ignored } = learnedPart(tensors, file);
  const chosen = method === undefined ? [] : [await choiceOf(method)];
  const composition = await compose({ file: config, overrides: [...chosen, ...overrides] });
  try {
    const { configuration, folder } = composition;
    const { classifier, dataset, dispose } = await composition.experiment();
    assignVariables(classifier.variables, learned, file);
    await mkdir(out, { recursive: true });
    await writeFileAtomic(join(out, runFiles.configuration), toYaml(configuration));
    const { template } = dataset;
    const origin = { template, configuration, folder, step: 0, importedFrom: basename(file) };
    await saveLearned(join(out, runFiles.learned), classifier, origin);
    dispose();
  } finally {
    await composition.close();
  }
  return { tensors: Object.fromEntries([...learned].map(([name, { shape }]) => [name, shape])), ignored };
}

/** The learned tensors under the names of our variables. */
function learnedPart(tensors: StateDict, where: string): { learned: StateDict; ignored: string[] } {
  const whole = [...tensors.keys()].some((name) => name.includes(LEARNER));
  const learned: StateDict = new Map();
  const ignored: string[] = [];
  for (const [full, tensor] of tensors) {
    const at = full.indexOf(LEARNER);
    const name = at < 0 ? full : full.slice(at + LEARNER.length);
    if ((whole && at < 0) || BUFFERS.test(name)) ignored.push(full);
    else learned.set(name, tensor);
  }
  if (learned.size === 0) {
    throw new CheckpointError('The file holds no learned prompts.', {
      where,
      remedy: "Name the checkpoint that the authors' training wrote, e.g. model.pth.tar-5.",
    });
  }
  return { learned, ignored };
}

/** The override that chooses a method by its name alone. */
async function choiceOf(method: string): Promise<string> {
  const registry = await loadPlugins(['default'], '.', import.meta.url);
  const section = (['prompt', 'labels'] as const).find((kind) => registry.find(kind, method));
  if (section) return `${section}.use=${method}`;
  const names = [...registry.names('prompt'), ...registry.names('labels')];
  throw new ConfigError(`There is no method called "${method}".${suggestion(method, names, 'There are')}`, {
    where: '--method',
  });
}
