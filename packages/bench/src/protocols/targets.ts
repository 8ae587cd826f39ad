import {
  ConfigError,
  DatasetError,
  type DatasetChoice,
  type EvaluationSet,
  type ImageItem,
  type ProtocolContext,
} from '@promptweave/core';
import { z } from 'zod';
import { datasetName } from '../benchmark/dataset-choice.js';

/** A further data set: its name, or a mapping with `use` and its options. */
export const datasetChoice = z.union([z.string(), z.looseObject({ use: z.string() })]);

/** What the figures of the source and of all targets together are called. */
const FIGURES: readonly string[] = ['source', 'average'];

/**
 * Targets are figures by their names.
 * @throws ConfigError where one would be called as another figure
 */
export function checkTargetNames(names: readonly string[], { where, remedy }: { where: string; remedy: string }): void {
  const taken = names.find((name) => FIGURES.includes(name));
  if (taken !== undefined) {
    throw new ConfigError(`A target is called "${taken}", as another figure of the result is.`, { where, remedy });
  }
}

/** The test images of further data sets, own ones called by their folder or file; a name that comes twice gets a number. */
export async function targetSets(
  context: ProtocolContext,
  targets: readonly DatasetChoice[],
): Promise<EvaluationSet[]> {
  const names = targets.map(datasetName);
  checkTargetNames(names, { where: 'protocol.targets', remedy: 'Rename the folder or file.' });
  const sets: EvaluationSet[] = [];
  for (const [index, target] of targets.entries()) {
    const name = freeName(names, index);
    sets.push({ name, dataset: await context.load(target), split: 'test' });
  }
  return sets;
}

/** The name at a place; where it stands before, with the first number that makes it none of the others. */
function freeName(names: readonly string[], index: number): string {
  const taken = new Set(names);
  for (let place = 0; place < names.length; place++) {
    const isFirst = names.indexOf(names[place]!) === place;
    let name = names[place]!;
    for (let number = 2; !isFirst && taken.has(name); number++) name = `${names[place]!}-${number}`;
    if (place === index) return name;
    taken.add(name);
  }
  throw new RangeError(`There is no name ${index}.`);
}

/**
 * The test images of a data set: a set for each domain that no training image has, before them `source` with the others, if there are
 * any.
 * @throws DatasetError where there is no such domain
 */
export async function domainSets(context: ProtocolContext): Promise<EvaluationSet[]> {
  const { dataset } = context;
  const { train } = await context.whole(); // a seed that draws no image of a domain makes it no target
  const trained = new Set(train.map(({ domain }) => domain));
  const { test } = dataset;
  const targetOf = ({ domain }: ImageItem): string | undefined => (trained.has(domain) ? undefined : domain);
  const domains = [...new Set(test.map(targetOf))].filter((domain) => domain !== undefined);
  if (domains.length === 0) {
    throw new DatasetError('There is no domain in the test images that the training images do not have.', {
      where: dataset.name,
      remedy: 'Name other data sets instead: protocol.targets=[…].',
    });
  }
  checkTargetNames(domains, { where: dataset.name, remedy: 'Rename the domain.' });
  const set = (name: string, items: readonly ImageItem[]): EvaluationSet[] =>
    items.length === 0 ? [] : [{ name, dataset: { ...dataset, test: items }, split: 'test' }];
  return [undefined, ...domains].flatMap((domain) =>
    set(
      domain ?? 'source',
      test.filter((item) => targetOf(item) === domain),
    ),
  );
}
