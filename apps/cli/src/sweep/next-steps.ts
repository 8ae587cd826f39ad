import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { bestOf, planSweep, shellWord, type PlannedCell, type Study } from '@promptweave/bench';
import { ConfigError, DatasetError } from '@promptweave/core';
import { basicServices, optionsOf, type ConfigurationSource, type Registry } from '@promptweave/core/experiment';
import { selectBackend } from '@promptweave/runtime';
import { pluginWords } from '../composition/allowed-plugins.js';

/** A sweep that has been run. */
export interface SweepDone {
  readonly study: Study;
  /** Its configuration. */
  readonly file: string;
  readonly source: ConfigurationSource;
  readonly overrides: readonly string[];
  readonly only: readonly string[];
  readonly jobs?: number;
  /** All of its cells. */
  readonly planned: readonly PlannedCell[];
  readonly registry: Registry;
  /** Folder that relative paths of the configuration refer to. */
  readonly configurationFolder: string;
}

/** The configuration for one's own photos, in a clone of the repository. */
const PHOTOS = 'examples/photos.yaml';
const EMBEDDED = 'icons';
const REAL = 'openai/clip-vit-base-patch16';
/** Training images per class of a small sweep and of a large one. */
const [FEW, MANY] = [4, 16];

/** What to try next: commands that work as they are. */
export async function nextSteps(done: SweepDone): Promise<string> {
  const { study, planned } = done;
  const best = bestOf(study);
  const image = best && (await anImage(done, best.cell.id));
  const once: Record<string, string> = study.seeds.length > 1 ? { seed: String(study.seeds[0]) } : {};
  const real: Record<string, string> = { 'backbone.checkpoint': REAL, ...((await plan(done, once)) && once) };
  const allowing = pluginWords(done.registry, done.configurationFolder);
  const steps = [
    image !== undefined &&
      step('what the best cell sees', ['predict', image, '--run', best!.cell.folder.path, ...allowing]),
    step('this table elsewhere', ['report', study.folder, '--format', 'markdown', ...allowing]),
    await moreOrFewer(done),
    planned.every(isEmbedded) &&
      step('a CLIP for photos: how long it would take', [...again(done, real, 'vit-b-16'), '--dry-run']),
    existsSync(PHOTOS) && step('your own: a folder of photos for each class in examples/photos', ['train', PHOTOS]),
  ];
  return ['Next:', ...steps.filter((line) => typeof line === 'string')].join('\n');
}

function step(what: string, words: readonly string[]): string {
  return `  npx promptweave ${words.map(shellWord).join(' ')}    ${what}`;
}

/** The same sweep with fewer images, or with more where it has few. */
async function moreOrFewer(done: SweepDone): Promise<string | undefined> {
  const { planned, registry } = done;
  const { protocol } = planned[0]!.configuration;
  if (registry.get('protocol', protocol.use).trainsNothing) return undefined;
  const counts = planned.map(({ configuration: { dataset } }) => (dataset.shots === 'all' ? Infinity : dataset.shots));
  const [shots, what] = Math.max(...counts) > FEW ? [FEW, 'fewer'] : [MANY, 'more'];
  const changes = { 'dataset.shots': String(shots) };
  const cells = await plan(done, changes);
  if (!cells?.every(({ configuration: { dataset } }) => dataset.shots === shots)) return undefined;
  return step(`the same with ${what} images`, again(done, changes, `${shots}-shots`));
}

/** Whether a cell computes with the embedded weights, and not because the grid says so. */
function isEmbedded({ values, configuration: { backbone } }: PlannedCell): boolean {
  const isChosen = Object.keys(values).some((path) => path.split('.')[0] === 'backbone');
  return !isChosen && optionsOf(backbone)['checkpoint'] === EMBEDDED;
}

/** The cells of the same sweep with some values changed; undefined where its grid does not let them be changed. */
async function plan(
  { source, registry, configurationFolder: folder, overrides }: SweepDone,
  changes: Readonly<Record<string, string>>,
): Promise<readonly PlannedCell[] | undefined> {
  try {
    return await planSweep({
      ...{ source, registry, folder, overrides: changed(overrides, changes) },
      setBackend: () => selectBackend(),
    });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Overrides with some values changed. */
function changed(overrides: readonly string[], changes: Readonly<Record<string, string>>): string[] {
  const pathOf = (text: string): string =>
    text
      .split('=', 1)[0]!
      .trim()
      .replace(/^grid\./, '');
  const kept = overrides.filter((text) => !Object.hasOwn(changes, pathOf(text)));
  return [...kept, ...Object.entries(changes).map(([path, value]) => `${path}=${value}`)];
}

/** The words of the same sweep with some values changed. */
function again(
  { study, file, overrides, only, jobs = 1 }: SweepDone,
  changes: Readonly<Record<string, string>>,
  suffix: string,
): string[] {
  return [
    ...['sweep', file, ...changed(overrides, changes)],
    ...(jobs > 1 ? ['--jobs', String(jobs)] : []),
    ...only.flatMap((condition) => ['--only', condition]),
    ...['--output', `${study.folder}-${suffix}`],
  ];
}

/** Something to predict on: a file of the cell's data set, or an emoji. Undefined where neither is here, as after a sweep elsewhere. */
async function anImage({ planned, registry, configurationFolder }: SweepDone, id: string): Promise<string | undefined> {
  const { seed, dataset: chosen } = planned.find((cell) => cell.id === id)!.configuration;
  try {
    const context = { folder: configurationFolder, seed, services: basicServices(seed) };
    const dataset = await registry.get('dataset', chosen.use).create(context, optionsOf(chosen, 'shots', 'classes'));
    const image = dataset.test[0] ?? dataset.train[0];
    if (image?.where !== undefined) return existsSync(image.where) ? relative('', image.where) : undefined;
    return image?.id.startsWith('emoji/') ? ':dog face:' : undefined;
  } catch (error) {
    if (error instanceof DatasetError) return undefined;
    throw error;
  }
}
