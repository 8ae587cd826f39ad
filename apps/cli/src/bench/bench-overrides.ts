import { ConfigError } from '@promptweave/core';

/** What a benchmark's title, its published numbers and its grid depend on, and what to say instead. */
const FLAGS: readonly (readonly [path: RegExp, remedy: string])[] = [
  [/^backbone\b/, 'Name the weights: bench PROTOCOL --checkpoint.'],
  [/^dataset\.shots$/, 'Take --shots.'],
  [/^dataset(\.use|\.path|\.root)?$/, 'Take --datasets, and --data for the folder of the papers’ data sets.'],
  [/^seed$/, 'Take --seeds.'],
  [/^protocol\.targets\b/, 'Take --targets.'],
  [/^(preset|prompt(\.use)?|labels(\.use)?)$/, 'Take --methods.'],
  [
    /^(dataset\.classes|protocol|grid|list|zip|sample|except|first)\b/,
    'Write a configuration of your own for promptweave sweep.',
  ],
];

/**
 * Refuses overrides that would make a benchmark another one than its table says.
 * @throws ConfigError naming what to use instead
 */
export function checkOverrides(overrides: readonly string[]): void {
  for (const text of overrides) {
    const path = text.split('=', 1)[0]!.trim();
    const found = FLAGS.find(([pattern]) => pattern.test(path));
    if (!found) continue;
    const message = `A benchmark says itself what ${path} is: its table and the published numbers beside it go by that.`;
    throw new ConfigError(message, { where: `override "${text}"`, remedy: found[1] });
  }
}
