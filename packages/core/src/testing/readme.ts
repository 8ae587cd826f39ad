import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { optionsOf, type ResolvedPart } from '../config/configuration.js';
import type { Plugin } from '../plugin/define-plugin.js';
import { demand } from './conformance-error.js';
import { optionsTable } from './options-table.js';

/**
 * Checks a README against the plugins that it describes: after the line `<!-- options of NAME -->`, or `<!-- options of KIND NAME -->`
 * where two of them have one name, stands the table of the plugin's options
 * as {@link optionsTable} makes it (spaces between cells do not matter), and the options in its `yaml` blocks are accepted.
 *
 * @param file path or URL of the README
 * @throws ConformanceError naming the plugin, with the table as it should be
 */
export function checkReadme(file: string | URL, plugins: readonly Plugin[]): void {
  const text = readFileSync(file, 'utf8');
  for (const { kind, name, options } of plugins) {
    const isShared = plugins.filter((other) => other.name === name).length > 1;
    const mark = `<!-- options of ${isShared ? `${kind} ` : ''}${name} -->`;
    const [, after] = text.split(mark);
    demand(after !== undefined, `The README has no line ${mark}.`);
    const table = optionsTable(options);
    demand(
      compact(after.trimStart()).startsWith(`${compact(table)}\n\n`),
      `The README's table of options of ${name} is stale. It should be:\n\n${table}\n`,
    );
  }
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, yaml]) => parse(yaml!) as Readonly<Record<string, unknown>>,
  );
  demand(blocks.length > 0, 'The README has no configuration to copy.');
  for (const part of blocks.flatMap(partsOf)) {
    const plugin = plugins.find(({ kind, name }) => kind === part.kind && name === part.use);
    const parsed = plugin?.options.strict().safeParse(optionsOf(part, 'kind', 'weight'));
    const fault = parsed?.error && z.prettifyError(parsed.error);
    demand(!fault, `A configuration in the README has options of ${part.use} that are refused: ${fault}`);
  }
}

/** The chosen parts of a configuration, with their kinds. */
function partsOf(configuration: Readonly<Record<string, unknown>>): (ResolvedPart & { readonly kind: string })[] {
  const { losses = [] } = configuration;
  const kinds = ['prompt', 'labels', 'head', 'tuning', 'gradients'] as const;
  const chosen: [string, unknown][] = [
    ...kinds.map((kind): [string, unknown] => [kind, configuration[kind]]),
    ...(losses as unknown[]).map((loss): [string, unknown] => ['loss', loss]),
  ];
  return chosen
    .filter(([, part]) => part !== undefined)
    .map(([kind, part]) => ({ ...(typeof part === 'string' ? { use: part } : (part as ResolvedPart)), kind }));
}

/** A table with single spaces and the shortest rules. */
function compact(markdown: string): string {
  return markdown.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
}
