import { stringify } from 'yaml';

/** The page of the presets with what they hold. */
export function presetsPage(registry) {
  const lines = [
    '# Presets',
    '',
    'The settings of the papers, made from the definitions by `npm run reference`. `preset: NAME` in a configuration takes one; what the configuration says itself is laid over it.',
    '`byShots` holds for so many images of a class or fewer, `byDataset` for a data set.',
  ];
  for (const plugin of registry.entries.map((entry) => entry.plugin)) {
    for (const [name, content] of Object.entries(plugin.presets ?? {})) {
      lines.push('', `## \`${plugin.name}/${name}\``, '', '```yaml', stringify(content).trimEnd(), '```');
    }
  }
  return lines;
}
