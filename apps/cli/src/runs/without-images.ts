import { definePlugin, type Dataset } from '@promptweave/core';
import { Registry, type Experiment, type LearnedDescription } from '@promptweave/core/experiment';
import { z } from 'zod';
import type { Composition } from '../composition/compose.js';

/**
 * The experiment of a configuration with a data set that has class names, and no images.
 * @param imagePolicy `reference` takes the names as they are, for they were accepted when it was trained
 */
export function withoutImages(
  { configuration, registry, experiment }: Composition,
  { classNames, template }: Pick<LearnedDescription, 'classNames' | 'template'>,
  imagePolicy: Dataset['imagePolicy'] = 'reference',
): Promise<Experiment> {
  const name = 'the classes';
  const dataset: Dataset = {
    ...{ name, classNames, template, imagePolicy, digest: name },
    ...{ train: [], val: [], test: [] },
  };
  const plugin = definePlugin({
    kind: 'dataset',
    name,
    description: 'Class names without images.',
    options: z.strictObject({}),
    create: () => Promise.resolve(dataset),
  });
  const loaded = registry.entries.slice(new Registry().entries.length); // a registry begins with core's own plugins
  const shots = configuration.dataset.shots === 'all' ? 1 : configuration.dataset.shots;
  return experiment(
    { ...configuration, dataset: { use: name, shots, classes: 'all' } },
    new Registry([...loaded, { plugin, module: 'promptweave' }]),
  );
}
