import {
  configurationJsonSchema,
  configurationSchema,
  datasetSettings,
  lossSettings,
} from '@promptweave/core/experiment';
import { z } from 'zod';
import { optionsTable } from './options.mjs';

const cell = (value) => String(value).replaceAll('|', '\\|');

/** The page of what a configuration has besides its parts. */
export function configurationPage(registry) {
  const { shape } = configurationSchema(registry);
  const { properties } = configurationJsonSchema(registry);
  const tables = {
    dataset: ['What every data set has besides its own options.', z.object(datasetSettings)],
    losses: [
      'What every loss has besides its own options; N counts the losses from 0.',
      z.object(lossSettings),
      'losses.N',
    ],
    ...Object.fromEntries(
      ['train', 'evaluate', 'seeds', 'runtime', 'grid', 'search'].map((name) => [
        name,
        [properties[name].description, inner(shape[name])],
      ]),
    ),
  };
  tables.grid[0] += ' Axes and the other keys multiply. PATH is the path of an option.';
  return [
    '# Configuration',
    '',
    'The sections of a configuration and their options, made from the definitions by `npm run reference`. The options of the parts: [Reference](../reference.md).',
    'What the sections `grid` and `search` are for, with examples: [Sweeps](../sweeps.md).',
    '`required` means: in its own mapping. `train.stop.patience` is required where there is `train.stop`.',
    '',
    '## Sections',
    '',
    '| section | |',
    '| --- | --- |',
    ...Object.entries(properties).map(
      ([name, { description }]) => `| \`${name}\` | ${cell(about(name, description))} |`,
    ),
    ...Object.entries(tables).flatMap(([name, [text, options, prefix = name]]) => [
      ...['', `## \`${name}\``, '', text, ''],
      ...optionsTable({ options }, prefix),
    ]),
  ];
}

/** A section's mapping of options, without what makes it optional. */
function inner(schema) {
  return schema instanceof z.ZodObject ? schema : inner(schema.unwrap());
}

/** Where the reference has what a section chooses from. */
const parts = {
  ...{
    backbone: 'Backbones',
    dataset: 'Data sets',
    prompt: 'Prompt learners',
    labels: 'Label aligners',
    head: 'Heads',
  },
  ...{ tuning: 'Tunings', losses: 'Losses', gradients: 'Gradient rules', protocol: 'Protocols', tracker: 'Trackers' },
};

function about(name, description) {
  if (!description) throw new Error(`The section ${name} has no description.`);
  const title = parts[name];
  const link = title && `[${title}](../reference.md#${title.toLowerCase().replaceAll(' ', '-')})`;
  return [description, link && `By name, or \`{ use: NAME, … }\` with its options: ${link}.`].filter(Boolean).join(' ');
}
