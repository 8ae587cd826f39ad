import { DatasetError, type DatasetChoice, type EvaluationSet, type ProtocolContext } from '@promptweave/core';
import { z } from 'zod';
import { datasetName } from '../benchmark/dataset-choice.js';

/** A further data set: its name, or a mapping with `use` and its options. */
export const datasetChoice = z.union([z.string(), z.looseObject({ use: z.string() })]);

/** The test images of further data sets, own ones called by their folder or file; a name that comes twice gets a number. */
export async function targetSets(
  context: ProtocolContext,
  targets: readonly DatasetChoice[],
): Promise<EvaluationSet[]> {
  const names = targets.map(datasetName);
  const sets: EvaluationSet[] = [];
  for (const [index, target] of targets.entries()) {
    const before = names.slice(0, index).filter((name) => name === names[index]).length;
    const name = before === 0 ? names[index]! : `${names[index]}-${before + 1}`;
    sets.push({ name, dataset: await context.load(target), split: 'test' });
  }
  return sets;
}

/** The test images of a data set, one set for each of their domains. */
export function domainSets(context: ProtocolContext): EvaluationSet[] {
  const { dataset } = context;
  const domains = [...new Set(dataset.test.map(({ domain }) => domain))].filter((domain) => domain !== undefined);
  if (domains.length === 0) {
    throw new DatasetError('The test images have no domains.', {
      where: dataset.name,
      remedy: 'Name other data sets instead: protocol.targets=[…].',
    });
  }
  return domains.map((domain) => ({
    name: domain,
    dataset: { ...dataset, test: dataset.test.filter((item) => item.domain === domain) },
    split: 'test',
  }));
}
