import { configurationSchema, describeOptions } from '@promptweave/core/experiment';

const cell = (value) => String(value).replaceAll('|', '\\|');

/** The page of what a configuration has besides its parts. */
export function configurationPage(registry) {
  const { shape } = configurationSchema(registry);
  const lines = [
    '# Configuration',
    '',
    'What a configuration says besides its parts, made from the definitions by `npm run reference`. The options of the parts: [Reference](../reference.md).',
    'The sections `grid` and `search`: [Sweeps](../sweeps.md).',
    '',
    '## Sections',
    '',
    '| section | |',
    '| --- | --- |',
    ...Object.entries(shape).map(([name, schema]) => `| \`${name}\` | ${cell(schema.description ?? '')} |`),
  ];
  for (const name of ['train', 'evaluate', 'seeds', 'runtime']) {
    lines.push('', `## \`${name}\``, '', '| option | type | default | |', '| --- | --- | --- | --- |');
    for (const option of describeOptions({ options: shape[name] })) {
      const start = option.default === undefined ? '' : `\`${JSON.stringify(option.default)}\``;
      lines.push(
        `| \`${name}.${option.name}\` | ${cell(option.type)} | ${cell(start)} | ${cell(option.description)} |`,
      );
    }
  }
  return lines;
}
