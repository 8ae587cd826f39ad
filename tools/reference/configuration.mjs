import { gridSections, sampleRange, searchSection } from '@promptweave/bench';
import { configurationSchema, describeOptions } from '@promptweave/core/experiment';
import { z } from 'zod';

const cell = (value) => String(value).replaceAll('|', '\\|');

/** The page of what a configuration has besides its parts. */
export function configurationPage(registry) {
  const { shape } = configurationSchema(registry);
  const lines = [
    '# Configuration',
    '',
    'What a configuration says besides its parts, made from the definitions by `npm run reference`. The options of the parts: [Reference](../reference.md).',
    'What the sections `grid` and `search` are for, with examples: [Sweeps](../sweeps.md).',
    'An option that is required has to be there where its mapping is: `train.stop.patience` where there is `train.stop`.',
    '',
    '## Sections',
    '',
    '| section | |',
    '| --- | --- |',
    ...Object.entries(shape).map(([name, schema]) => `| \`${name}\` | ${cell(aboutSection(name, schema))} |`),
  ];
  const table = (name, options, prefix = name) => [
    ...['', `## \`${name}\``, '', '| option | type | default | |', '| --- | --- | --- | --- |'],
    ...describeOptions({ options }).map((option) => row(prefix, option)),
  ];
  for (const name of ['train', 'evaluate', 'seeds', 'runtime']) lines.push(...table(name, shape[name]));
  const [heading, ...sections] = table('grid', z.object(gridSections).partial()).slice(1);
  lines.push(
    ...['', heading, '', 'The sections of a grid, and any number of axes beside them. All of them multiply.'],
    ...sections.slice(0, 3),
    '| `grid.PATH` | list of values, or `{ values, when }` | | An axis: the path of an option, such as `prompt.depth`, and its values. With `when` it is varied only in cells that have these values of other options. |',
    ...sections.slice(3),
    ...describeOptions({ options: sampleRange }).map((option) => row('grid.sample.ranges.PATH', option)),
    ...table('search', searchSection),
  );
  return lines;
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

function aboutSection(name, { description }) {
  const title = parts[name];
  if (!title && !description) throw new Error(`The section ${name} has no description.`);
  const link = title && `[${title}](../reference.md#${title.toLowerCase().replaceAll(' ', '-')})`;
  return [description, link && `By name, or \`{ use: NAME, … }\` with its options: ${link}.`].filter(Boolean).join(' ');
}

function row(prefix, { name, type, default: value, required, description }) {
  const start = required ? 'required' : value === undefined ? '' : `\`${JSON.stringify(value)}\``;
  return `| \`${prefix}.${name}\` | ${cell(type)} | ${cell(start)} | ${cell(description)} |`;
}
