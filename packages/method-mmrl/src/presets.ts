import type { PartialConfiguration, Preset } from '@promptweave/core';

/** The authors' λ by data set. */
const LAMBDA = {
  ...{ stanford_cars: 7, fgvc_aircraft: 6, sun397: 6, dtd: 6, food101: 5, oxford_flowers: 4, ucf101: 3 },
  ...{ imagenet: 0.5, caltech101: 0.5, oxford_pets: 0.2, eurosat: 0.01 },
};

const train = { optimizer: 'adamw', learningRate: 0.001, weightDecay: 5e-4, minimumCrop: 0.5 } as const;

/** What is other for a data set, whatever λ is. */
const OF_DATASET: Readonly<Record<string, { readonly prompt?: object; readonly train?: object }>> = {
  imagenet: { train: { epochs: 5, batch: 32 } },
  dtd: { prompt: { template: '{} texture.' } },
};

const withLambda = Object.fromEntries(
  Object.entries(LAMBDA).map(([name, regularisation]): [string, PartialConfiguration] => {
    const { prompt, ...rest } = OF_DATASET[name] ?? {};
    const width = name === 'eurosat' ? { width: 2048 } : {};
    return [name, { ...rest, prompt: { use: 'mmrl', ...prompt, ...width, regularisation } }];
  }),
);

const uniform = Object.fromEntries(
  Object.entries(OF_DATASET).map(([name, { prompt, ...rest }]): [string, PartialConfiguration] => [
    name,
    { ...rest, prompt: { use: 'mmrl', ...prompt } },
  ]),
);

const settings = (lambda: number, training: object) => ({
  prompt: { use: 'mmrl', regularisation: lambda },
  head: { use: 'mmrl', logitScale: 100 },
  train: { ...train, ...training },
});

// λ of the authors' configuration files, over which they lay their table.
const baseToNovel = { protocol: 'base-to-novel', ...settings(1, { epochs: 10, batch: 4 }) };
const fewShot = settings(0.5, { epochs: 50, batch: 32 });

/** Settings of the released code; `uniform` stands for one λ for all data sets. */
export const presets: Readonly<Record<string, Preset>> = {
  'base-to-novel': { ...baseToNovel, byDataset: withLambda },
  'base-to-novel-uniform': { ...baseToNovel, byDataset: uniform },
  'few-shot': { ...fewShot, byDataset: withLambda },
  'few-shot-uniform': { ...fewShot, byDataset: uniform },
  'cross-dataset': settings(0.2, { epochs: 1, batch: 32, warmupEpochs: 0 }),
};
